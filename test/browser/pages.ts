// Accessibility of every page of every product: tested with axe-core, in light and dark, on wide and narrow screens.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { Person } from '../acceptance/support/people.ts';
import type { Site } from '../acceptance/support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS } from '../acceptance/support/user-agents.ts';
import { includes } from '../ci-only.ts';
import { eventually } from '../ui/support/eventually.ts';
import { overhangOf, violationsOf } from './support/axe.ts';
import type { DemoBrowser } from './support/demo-browser.ts';
import type { DemoPage } from './support/demo-page.ts';

const STRANGERS = ['/', '/about', '/password-reset'];
/** Pages that are the same in each product. */
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
/** The last product shows nearly every feature, so an ordinary run tests only this one. */
const LOOKED_AT = includes('demo in a browser: the pages of every product') ? PRODUCTS : PRODUCTS.slice(-1);

export function pages(demo: DemoBrowser): void {
  test.each(LOOKED_AT)('of product %s are accessible', async (product, open, more) => {
    const site = await demo.open(product);
    await filled(site, product);
    const device = await demo.newPage(site, { userAgent: CHROME_ON_MAC });
    const found = await lookAt(device, [...STRANGERS, ...open], product);
    await device.page.setViewportSize({ width: 1200, height: 900 });
    await device.signIn('owner');
    found.push(...(await lookAt(device, [...USERS, ...ADMINS, ...more], product)));
    if (product === 'd') found.push(...(await shopOf(device, site)));
    expect(found).toEqual([]);
  });

  /** Fills the lists of the pages. */
  async function filled(site: Site, product: string): Promise<void> {
    const others: readonly Person[] = ['owner', 'member', 'second'];
    const devices = await Promise.all(others.map((person) => site.signedIn(person, FIREFOX_ON_WINDOWS)));
    const ended = await site.signedIn('member', CHROME_ON_MAC);
    await ended.post('/sessions/sign-out');
    if (['b', 'c', 'e'].includes(product)) await devices[0]?.post('/tokens', { kind: 'mcp', name: 'an assistant' });
  }

  async function shopOf(device: DemoPage, site: Site): Promise<readonly string[]> {
    const found = await lookAt(device, ['/shop'], 'd');
    await device.page.setViewportSize({ width: 1200, height: 900 });
    await device.goto('/shop');
    await device.fillIn(site.credentialsOf('buyer'));
    await device.click('Sign in');
    await device.page.getByText('buyer@mail.example').first().waitFor();
    return [...found, ...(await lookAt(device, ['/shop'], 'd'))];
  }

  /** Finds pages that are wider than their window, at several widths and in both writing directions. */
  async function overhangs(page: Page): Promise<string[]> {
    const found: string[] = [];
    for (const dir of ['ltr', 'rtl']) {
      await page.evaluate(`document.documentElement.dir = '${dir}'`);
      for (const width of [320, 360, 640, 700, 1200]) {
        await page.setViewportSize({ width, height: 900 });
        if ((await overhangOf(page)) > 0) found.push(`${dir}, ${width} px`);
        // At these widths, a row of a table is a stack of cells, so no table may scroll.
        if (width <= 640 && (await page.evaluate<boolean>(SCROLLS))) found.push(`a table, ${dir}, ${width} px`);
      }
    }
    return found;
  }

  async function lookAt(device: DemoPage, paths: readonly string[], product: string): Promise<string[]> {
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
        ['dark, 320 px', 320, 'dark'],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const violations = [...(await violationsOf(page))];
        if ((await overhangOf(page)) > 0) violations.push('the page is wider than its window');
        found.push(...violations.map((violation) => `${path} (${name}) ${violation}`));
      }
      found.push(...(await overhangs(page)).map((where) => `${path} is wider than its window: ${where}`));
      const other = await page.evaluate<string[]>(otherWords(product));
      found.push(...other.map((text) => `${path} calls it otherwise: ${text}`));
    }
    return found;
  }
}

const SCROLLS =
  "[...document.querySelectorAll('.scroll')].some(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)";

/** Returns code that finds the other products' word for a sign-out in the visible text. It skips their names. */
const otherWords = (product: string): string => `(() => {
  const other = ${product === 'a' ? /\blog(s|ged|ging)?[ -]?out\b/gi : /\bsign(s|ing)?[ -]?out\b|\bsigned out\b/gi};
  const roots = [document.body, ...[...document.querySelectorAll('login-management')].map(({ shadowRoot }) => shadowRoot)];
  const elements = roots.filter((root) => root !== null).flatMap((root) => [...root.querySelectorAll('*')]);
  const shown = elements.filter((element) => element.checkVisibility() && !element.closest('nav[aria-label="Products"], style, script'));
  const texts = shown.flatMap((element) => [
    element.getAttribute('aria-label') ?? '',
    ...[...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data),
  ]);
  return texts.filter((text) => text.search(other) >= 0);
})()`;
