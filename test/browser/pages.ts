// Every page of every product, for everybody: by axe-core, in light and in dark, wide and on a phone.
import { expect, test } from 'vitest';
import type { Person } from '../acceptance/support/people.ts';
import type { Site } from '../acceptance/support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS } from '../acceptance/support/user-agents.ts';
import { eventually } from '../ui/support/eventually.ts';
import { overhangOf, violationsOf } from './support/axe.ts';
import type { DemoBrowser } from './support/demo-browser.ts';
import type { DemoPage } from './support/demo-page.ts';

const STRANGERS = ['/', '/about', '/password-reset'];
/** The same in each product, word by word. */
const COMMON = ['/?reason=password-changed', '/about?product=x', '/no-such-page', '/password-reset?token=any'];
const USERS = ['/profile', '/account', '/account/sign-out-everywhere'];
const ADMINS = ['/review?done=revoked', '/audit'];
const PRODUCTS = [
  ['a', COMMON, []],
  ['b', [], ['/tokens']],
  ['c', [], ['/tokens']],
  ['d', [], []],
  ['e', [], ['/tokens', '/account?done=password']],
] as const;
/** The product that shows nearly all there is comes last: it is enough where the tests are run often. */
const LOOKED_AT = process.env.CI ? PRODUCTS : PRODUCTS.slice(-1);

export function pages(demo: DemoBrowser): void {
  test.each(LOOKED_AT)('of product %s are accessible', async (product, open, more) => {
    const site = await demo.open(product);
    await filled(site, product);
    const device = await demo.newPage(site, { userAgent: CHROME_ON_MAC });
    const found = await lookAt(device, [...STRANGERS, ...open]);
    await device.page.setViewportSize({ width: 1200, height: 900 });
    await device.signIn('owner');
    found.push(...(await lookAt(device, [...USERS, ...ADMINS, ...more])));
    if (product === 'd') found.push(...(await shopOf(device, site)));
    expect(found).toEqual([]);
  });

  /** So that there is something in the lists. */
  async function filled(site: Site, product: string): Promise<void> {
    const others: readonly Person[] = ['owner', 'member', 'second'];
    const devices = await Promise.all(others.map((person) => site.signedIn(person, FIREFOX_ON_WINDOWS)));
    const ended = await site.signedIn('member', CHROME_ON_MAC);
    await ended.post('/sessions/sign-out');
    if (['b', 'c', 'e'].includes(product)) await devices[0]?.post('/tokens', { kind: 'mcp', name: 'an assistant' });
  }

  async function shopOf(device: DemoPage, site: Site): Promise<readonly string[]> {
    const found = await lookAt(device, ['/shop']);
    await device.page.setViewportSize({ width: 1200, height: 900 });
    await device.goto('/shop');
    await device.fillIn(site.credentialsOf('buyer'));
    await device.click('Sign in');
    await device.page.getByText('buyer@mail.example').first().waitFor();
    return [...found, ...(await lookAt(device, ['/shop']))];
  }

  async function lookAt(device: DemoPage, paths: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    const { page } = device;
    for (const path of paths) {
      await page.setViewportSize({ width: 1200, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
      await device.goto(path);
      if ((await device.card.count()) > 0) await device.content.waitFor();
      await eventually(() => device.card.locator('[aria-busy]').count()).toBe(0);
      for (const [name, width, colorScheme] of [
        ['light', 1200, 'light'],
        ['dark, 360 px', 360, 'dark'],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const violations = [...(await violationsOf(page))];
        if ((await overhangOf(page)) > 0) violations.push('the page is wider than its window');
        found.push(...violations.map((violation) => `${path} (${name}) ${violation}`));
      }
    }
    return found;
  }
}
