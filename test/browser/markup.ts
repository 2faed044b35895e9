// Pages of the demo show text from users as text, never as markup.
import { expect, test } from 'vitest';
import { CHROME_ON_MAC } from '../acceptance/support/user-agents.ts';
import { includes } from '../ci-only.ts';
import type { DemoBrowser } from './support/demo-browser.ts';
import { shown } from './support/demo-page.ts';

const inFull = test.runIf(includes('demo in a browser: every story'));

const IMAGE = '<img src=x onerror=alert(1)>';
const SCRIPT = '"><script>alert(1)</script>';
const ADDRESS = '"><img/src=x/onerror=alert(1)>@acme.example';

export function markup(demo: DemoBrowser): void {
  test('in a user agent, a reason, a note, a name or an address is text', async () => {
    const site = await demo.open('c');
    const admin = await demo.newPage(site, { userAgent: CHROME_ON_MAC });
    await admin.signIn('owner');
    // Clients send markup in their user agents.
    await site.signedIn('member', `Mozilla/5.0 ${IMAGE}`);
    await site.signedIn('owner', IMAGE);
    const second = await site.signedIn('second', `${SCRIPT}/1.0`);
    await second.post('/email', { password: 'second-demo-password', email: ADDRESS });
    await second.post('/tokens', { kind: 'api', name: IMAGE });

    await admin.goto('/review');
    const panel = admin.page.getByRole('article', { name: 'member@acme.example' });
    await panel.getByLabel('Reason').fill(IMAGE);
    await panel.getByLabel('Note').fill(SCRIPT);
    await admin.submit(panel.getByRole('button', { name: 'Log out member@acme.example' }));
    await admin.page.getByRole('heading', { name: 'Log out member@acme.example?' }).waitFor();
    await expectNoMarkup();
    await admin.submit(admin.page.locator('main').getByRole('button', { name: 'Log out', exact: true }));
    await admin.expectPath('/review?done=revoked');

    const main = admin.page.locator('main');
    expect(await shown(main)).toContain(ADDRESS);
    await expectNoMarkup();
    await admin.goto('/audit');
    expect(await shown(main)).toContain(IMAGE);
    expect(await shown(main)).toContain(SCRIPT);
    await expectNoMarkup();
    await admin.goto('/profile');
    expect(await admin.labels()).toHaveLength(2);
    await expectNoMarkup();

    async function expectNoMarkup(): Promise<void> {
      // A locator also searches the card's shadow root.
      expect(await admin.page.locator('img').count()).toBe(0);
      expect(await admin.page.locator('script:not([src="/session-revocation-ui.js"])').count()).toBe(0);
    }
  });

  inFull('in a link is text, or is not there at all', async () => {
    const site = await demo.open('e');
    const { page, origin } = await demo.newPage(site);
    const query = new URLSearchParams({ reason: SCRIPT, returnTo: SCRIPT, done: IMAGE, product: IMAGE, token: SCRIPT });
    for (const path of ['/', '/about', '/password-reset', '/account', `/${encodeURIComponent(IMAGE)}`]) {
      await page.goto(`${origin}${path}?${query}`);
      expect(await page.locator('img, script').count()).toBe(0);
      expect(await shown(page.getByRole('heading', { level: 1 }))).not.toBe('');
    }
    await page.goto(`${origin}/`);
    // Skips the browser's own validation of the address.
    await page.locator('form').evaluate((form: { noValidate: boolean }) => {
      form.noValidate = true;
    });
    await page.getByLabel('E-mail').fill(ADDRESS);
    await page.getByLabel('Password').fill(SCRIPT);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('E-mail').inputValue()).toBe(ADDRESS);
    expect(await page.locator('img, script').count()).toBe(0);
  });
}
