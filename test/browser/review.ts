// Products B and D of the demo in the browser: an administrator reviews sessions, ends them, and reads the audit log.
import { expect, test } from 'vitest';
import { DAY } from '../acceptance/support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from '../acceptance/support/user-agents.ts';
import { includes } from '../ci-only.ts';
import { overhangOf, violationsOf } from './support/axe.ts';
import type { DemoBrowser } from './support/demo-browser.ts';
import { shown } from './support/demo-page.ts';

const inFull = test.runIf(includes('demo in a browser: every story'));

export function review(demo: DemoBrowser): void {
  test('D2, D3, D4, D5 an administrator looks, asks what would end, ends it, and finds it in the log', async () => {
    const site = await demo.open('d');
    site.clock.advance(-10 * DAY);
    const old = await site.signedIn('second', FIREFOX_ON_WINDOWS);
    site.clock.advance(10 * DAY);
    await site.signedIn('solo', CHROME_ON_MAC);
    const phone = await demo.newPage(site, { userAgent: SAFARI_ON_IOS });
    const admin = await demo.newPage(site, { userAgent: CHROME_ON_MAC });
    await phone.signIn('member');
    await admin.signIn('owner');

    await admin.follow('Review');
    const main = admin.page.locator('main');
    const memberPanel = admin.page.getByRole('article', { name: 'member@acme.example' });
    expect(await shown(memberPanel)).toMatch(/member.*no second factor.*Safari on iOS.*used just now/is);
    expect(await shown(admin.page.getByRole('article', { name: 'second@acme.example' }))).toMatch(/used 10 days ago/);
    expect(await shown(main)).not.toContain('beta.example');

    await memberPanel.getByLabel('Reason').fill('lost-device');
    await memberPanel.getByLabel('Note').fill('ticket 4711');
    await admin.submit(memberPanel.getByRole('button', { name: 'Log out member@acme.example' }));
    await admin.expectTold(/Nothing has changed yet/);
    expect(await shown(main)).toMatch(/Log out member@acme\.example\?.*Safari on iOS.*member@acme\.example/s);
    await phone.expectSignedIn();
    await admin.submit(main.getByRole('button', { name: 'Log out' }));
    await admin.expectTold(/sessions are ended/);
    await phone.follow('Profile');
    // The member sees a general message. The administrator's reason and note are only in the log.
    await phone.expectLoginPage(/Your sessions were ended/);

    await admin.page.getByLabel('End sessions that were not used for').selectOption('7d');
    await admin.click('End them…');
    expect(await shown(main)).toMatch(/Firefox on Windows.*second@acme\.example/s);
    await admin.click('End them');
    await admin.expectTold(/unused sessions are ended/);
    expect(await old.isSignedIn()).toBe(false);

    await admin.follow('Audit log');
    const entry = admin.page.getByRole('row').filter({ hasText: 'lost-device' });
    expect(await shown(entry)).toMatch(/sessions\.revoked.*member@acme\.example.*owner@acme\.example.*ticket 4711/s);
    expect(await shown(entry)).toContain('from Chrome on Mac OS');
    const idle = admin.page.getByRole('row').filter({ hasText: 'idle' });
    expect(await shown(idle)).toMatch(/session\.ended.*second@acme\.example.*owner@acme\.example/s);
  });

  inFull('an administrator ends one session of a member, and is asked first, at 320 px', async () => {
    const site = await demo.open('d');
    const phone = await site.signedIn('member', SAFARI_ON_IOS);
    const laptop = await site.signedIn('member', FIREFOX_ON_WINDOWS);
    const admin = await demo.signedIn(site, 'owner', { userAgent: CHROME_ON_MAC, width: 320 });
    await admin.goto('/review');
    await admin.click('End Safari on iOS of member@acme.example');
    const main = admin.page.locator('main');
    expect(await shown(main)).toMatch(/End the session of member@acme\.example on Safari on iOS\?/);
    expect(await shown(main)).not.toContain('Firefox on Windows');
    expect(await violationsOf(admin.page)).toEqual([]);
    expect(await overhangOf(admin.page)).toBe(0);
    await admin.follow('Cancel');
    expect(await phone.isSignedIn()).toBe(true);
    await admin.click('End Safari on iOS of member@acme.example');
    await admin.click('End it');
    await admin.expectTold(/session is ended/);
    expect([await phone.isSignedIn(), await laptop.isSignedIn()]).toEqual([false, true]);
    // The administrator's own session has no button.
    expect(await admin.page.getByRole('button', { name: /^End .* of owner@/ }).count()).toBe(0);
  });

  inFull('D1 a buyer in the same browser stays where the dashboard signs out', async () => {
    const site = await demo.open('d');
    const both = await demo.newPage(site, { userAgent: CHROME_ON_MAC });
    await both.signIn('owner');
    await both.goto('/shop');
    await both.fillIn(site.credentialsOf('buyer'));
    await both.click('Sign in');
    await both.page.getByText('buyer@mail.example').first().waitFor();
    await both.goto('/account/sign-out-everywhere');
    await both.click('Log out everywhere');
    await both.expectLoginPage(/logged out on every device/);
    await both.goto('/shop');
    await both.page.getByText('buyer@mail.example').first().waitFor();
  });

  inFull(
    'B2, B6 tokens stay, and are revoked on their own page; the free plan is not offered what it has not',
    async () => {
      const site = await demo.open('b');
      const chrome = await demo.newPage(site, { userAgent: CHROME_ON_MAC });
      await chrome.signIn('owner');
      await chrome.follow('Tokens');
      await chrome.page.getByLabel('Name').fill('nightly job');
      await chrome.click('Make a token');
      await chrome.page.getByText('nightly job').first().waitFor();
      await chrome.goto('/profile');
      expect(await shown(chrome.row('nightly job'))).toMatch(/API/);
      await chrome.confirm('Log out everywhere', 'Log out everywhere');
      await chrome.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
      await chrome.signIn('owner');
      await chrome.goto('/tokens');
      expect(await shown(chrome.page.locator('main'))).toContain('nightly job');

      // The free plan does not offer the action.
      const solo = await demo.newPage(site, { userAgent: FIREFOX_ON_WINDOWS });
      await solo.signIn('solo');
      await solo.row('Current session').waitFor();
      expect(await solo.page.getByRole('button', { name: /everywhere|other devices/i }).count()).toBe(0);
      await solo.goto('/account');
      expect(await solo.page.getByRole('link', { name: /log out everywhere/i }).count()).toBe(0);
    },
  );
}
