// Product E of the demo in the browser, on two devices.
import { expect, test } from 'vitest';
import { personOf } from '../acceptance/support/people.ts';
import { DAY, HOUR, MINUTE, type Site } from '../acceptance/support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from '../acceptance/support/user-agents.ts';
import { includes } from '../ci-only.ts';
import { eventually } from '../ui/support/eventually.ts';
import type { DemoBrowser } from './support/demo-browser.ts';
import { type DemoPage, shown } from './support/demo-page.ts';

const inFull = test.runIf(includes('demo in a browser: every story'));

const NEXT = 'another-demo-password';

export function loginManagement(demo: DemoBrowser): void {
  /** Signs the owner in on Chrome, which acts, and on Firefox, which is affected. */
  async function onTwo(): Promise<{ site: Site; chrome: DemoPage; firefox: DemoPage }> {
    const site = await demo.open('e');
    const [firefox, chrome] = await Promise.all([
      demo.signedIn(site, 'owner', { userAgent: FIREFOX_ON_WINDOWS }),
      demo.signedIn(site, 'owner', { userAgent: CHROME_ON_MAC }),
    ]);
    return { site, chrome, firefox };
  }

  test('E1, E2, E3 a row per session, with its time, and Log out on the others', async () => {
    const site = await demo.open('e');
    site.clock.advance(-5 * DAY - MINUTE);
    await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    site.clock.advance(5 * DAY - 3 * HOUR);
    await site.signedIn('owner', SAFARI_ON_IOS);
    site.clock.advance(3 * HOUR + MINUTE);
    const chrome = await demo.newPage(site, { userAgent: CHROME_ON_MAC });
    await chrome.signIn('owner');

    expect(await chrome.labels()).toEqual(['Chrome on Mac OS', 'Safari on iOS', 'Firefox on Windows']);
    expect(await shown(chrome.row('Chrome on Mac OS'))).toMatch(/Current session/);
    expect(await shown(chrome.row('Chrome on Mac OS'))).toMatch(/just now|active now/i);
    expect(await shown(chrome.row('Safari on iOS'))).toContain('3 hours ago');
    expect(await shown(chrome.row('Firefox on Windows'))).toContain('5 days ago');
    expect(await chrome.row('Current session').count()).toBe(1);
    const buttons = chrome.card.getByRole('button', { name: /^Log out .* on / });
    expect(await buttons.evaluateAll((all) => all.map((button) => button.getAttribute('aria-label')))).toEqual([
      'Log out Safari on iOS',
      'Log out Firefox on Windows',
    ]);
  });

  test('E4 Log out ends that one; its next action leads to the login page, which says why', async () => {
    const { chrome, firefox } = await onTwo();
    await chrome.goto('/profile');
    await chrome.confirm('Log out Firefox on Windows', 'Cancel');
    expect(await chrome.labels()).toHaveLength(2);
    await chrome.confirm('Log out Firefox on Windows', 'Log out');
    await eventually(() => chrome.labels()).toEqual(['Chrome on Mac OS']);
    expect(await shown(chrome.card.getByRole('status'))).toContain('Firefox on Windows is logged out');

    // The open page does not change until the user's next action.
    expect(await firefox.row('Current session').isVisible()).toBe(true);
    await firefox.follow('Sessions & security');
    await firefox.expectLoginPage(/logged out/i);
    expect(new URL(firefox.page.url()).searchParams.get('returnTo')).toBe('/account');
    // After the sign-in, the page returns to the requested path.
    await firefox.fillIn({ email: personOf('owner').email, password: personOf('owner').password });
    await firefox.click('Sign in');
    await firefox.expectPath('/account');
    await chrome.expectSignedIn();
  });

  inFull('E4 an action within the card leads there, too', async () => {
    const { chrome, firefox } = await onTwo();
    await firefox.goto('/profile');
    await firefox.row('Chrome on Mac OS').waitFor();
    await chrome.goto('/profile');
    await chrome.confirm('Log out Firefox on Windows', 'Log out');
    await eventually(() => chrome.labels()).toEqual(['Chrome on Mac OS']);
    await firefox.confirm('Log out Chrome on Mac OS', 'Log out');
    await firefox.expectLoginPage(/logged out/i);
    expect(new URL(firefox.page.url()).searchParams.get('returnTo')).toBe('/profile');
    await chrome.expectSignedIn();
  });

  test('E5 Log out other devices asks first, and keeps only this one', async () => {
    const { site, chrome, firefox } = await onTwo();
    const phone = await demo.newPage(site, { userAgent: SAFARI_ON_IOS, width: 390, touch: true });
    await phone.signIn('owner', { remember: true });
    await chrome.goto('/profile');
    await chrome.card.getByRole('button', { name: 'Log out other devices' }).click();
    const dialog = chrome.card.getByRole('dialog');
    expect(await shown(dialog)).toMatch(/Every device but this one has to sign in again/);
    await chrome.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await chrome.labels()).toHaveLength(3);

    await chrome.confirm('Log out other devices', 'Log out other devices');
    await eventually(() => chrome.labels()).toEqual(['Chrome on Mac OS']);
    for (const device of [firefox, phone]) {
      await device.follow('Sessions & security');
      await device.expectLoginPage(/from another of your devices/);
    }
    await chrome.expectSignedIn();
  });

  inFull('E6 a password change, and an e-mail change, log out the other devices by themselves', async () => {
    const { chrome, firefox } = await onTwo();
    await chrome.changePassword('owner', NEXT);
    await chrome.expectPath('/account');
    await chrome.expectTold(/password is changed/);
    await firefox.follow('Sessions & security');
    await firefox.expectLoginPage(/Your password was changed/);

    await firefox.fillIn({ email: personOf('owner').email, password: NEXT });
    await firefox.click('Sign in');
    await firefox.expectPath('/account');
    await chrome.page.getByLabel('New address').fill('renamed@acme.example');
    await chrome.page.getByLabel('Your password').fill(NEXT);
    await chrome.click('Change address');
    await chrome.expectPath('/account');
    await firefox.follow('Profile');
    await firefox.expectLoginPage(/e-mail address was changed/);
    await chrome.goto('/profile');
    expect(await chrome.labels()).toEqual(['Chrome on Mac OS']);
    expect(await chrome.page.getByText('renamed@acme.example').first().isVisible()).toBe(true);
  });

  inFull('E7 a password reset ends every session', async () => {
    const { site, chrome, firefox } = await onTwo();
    const stranger = await demo.newPage(site, { userAgent: SAFARI_ON_IOS });
    await stranger.goto('/');
    await stranger.follow('Forgot your password?');
    await stranger.page.getByLabel('E-mail').fill('owner@acme.example');
    await stranger.submit(stranger.page.getByRole('button').first());
    await stranger.expectTold(/on its way/);

    const [, link = ''] = /(\/password-reset\?token=\S+)/.exec(site.mails[0]?.text ?? '') ?? [];
    await stranger.goto(link);
    await stranger.page.getByLabel('New password').fill(NEXT);
    await stranger.submit(stranger.page.locator('main').getByRole('button').first());
    await stranger.expectLoginPage(/Your password was reset/);
    for (const device of [chrome, firefox]) {
      await device.follow('Sessions & security');
      await device.expectLoginPage(/Your password was reset/);
    }
    await stranger.fillIn({ email: 'owner@acme.example', password: NEXT });
    await stranger.click('Sign in');
    await stranger.expectPath('/profile');
  });

  inFull('E8 after 30 days, the next action leads to the login page', async () => {
    const { site, chrome, firefox } = await onTwo();
    site.clock.advance(30 * DAY - MINUTE);
    await chrome.follow('Sessions & security');
    await chrome.expectPath('/account');
    site.clock.advance(MINUTE);
    for (const device of [chrome, firefox]) {
      await device.follow('Profile');
      await device.expectLoginPage(/signed in for a long time/);
    }
  });

  inFull('E9 signing in again on the same browser and system replaces', async () => {
    const { site, chrome, firefox } = await onTwo();
    site.clock.advance(1);
    const again = await demo.newPage(site, { userAgent: FIREFOX_ON_WINDOWS });
    await again.signIn('owner');
    expect(await again.labels()).toEqual(['Firefox on Windows', 'Chrome on Mac OS']);
    await firefox.follow('Sessions & security');
    await firefox.expectLoginPage(/took the place of this session/);
    await chrome.expectSignedIn();
  });

  inFull('E10 removing the last login method ends every session', async () => {
    const { chrome, firefox } = await onTwo();
    await chrome.goto('/account');
    await chrome.click('Remove Passkey');
    await chrome.expectTold(/login method is removed/);
    await firefox.expectSignedIn();

    await chrome.click('Remove Password');
    await chrome.expectLoginPage(/last login method was removed/);
    await firefox.follow('Profile');
    await firefox.expectLoginPage(/last login method was removed/);
  });

  test('what is over is listed, with its reason', async () => {
    const { chrome } = await onTwo();
    await chrome.goto('/profile');
    await chrome.confirm('Log out Firefox on Windows', 'Log out');
    await eventually(() => chrome.labels()).toEqual(['Chrome on Mac OS']);
    await chrome.card.getByText('Ended', { exact: true }).click();
    const row = chrome.card.locator('details').getByRole('listitem');
    expect(await shown(row)).toMatch(/Firefox on Windows.*Logged out just now by you, from Chrome on Mac OS/is);
  });

  test('without the script, forms do the same', async () => {
    const site = await demo.open('e');
    const firefox = await demo.newPage(site, { userAgent: FIREFOX_ON_WINDOWS });
    await firefox.signIn('owner');
    await site.signedIn('owner', SAFARI_ON_IOS);
    const chrome = await demo.newPage(site, { userAgent: CHROME_ON_MAC, script: false });
    await chrome.signIn('owner');

    await chrome.click('Log out Firefox on Windows');
    await chrome.expectTold(/That device is logged out/);
    await firefox.follow('Sessions & security');
    await firefox.expectLoginPage(/logged out/i);

    await chrome.page.getByText('Log out other devices', { exact: true }).click();
    await chrome.click('Yes, log out other devices');
    await chrome.expectTold(/All other devices are logged out/);
    await chrome.page.getByText('Log out everywhere', { exact: true }).click();
    await chrome.click('Yes, log out everywhere');
    await chrome.expectLoginPage(/logged out on every device/);
  });
}
