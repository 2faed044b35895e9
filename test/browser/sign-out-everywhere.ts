// Product A of the demo in the browser, on two devices.
import { expect, test } from 'vitest';
import { DAY, type Site } from '../acceptance/support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from '../acceptance/support/user-agents.ts';
import { includes } from '../ci-only.ts';
import { type DemoBrowser, HOSTS } from './support/demo-browser.ts';
import { type DemoPage, shown } from './support/demo-page.ts';

const inFull = test.runIf(includes('demo in a browser: every story'));

const EVERYWHERE = /signed out on every device/;

export function signOutEverywhere(demo: DemoBrowser): void {
  /** Signs the owner in on Chrome and on Firefox. */
  async function onTwo(host?: string): Promise<{ site: Site; chrome: DemoPage; firefox: DemoPage }> {
    const site = await demo.open('a');
    const at = host === undefined ? {} : { host };
    const [firefox, chrome] = await Promise.all([
      demo.signedIn(site, 'owner', { userAgent: FIREFOX_ON_WINDOWS, remember: true, ...at }),
      demo.signedIn(site, 'owner', { userAgent: CHROME_ON_MAC, ...at }),
    ]);
    return { site, chrome, firefox };
  }

  test('A1 Sign out ends this device only', async () => {
    const { chrome, firefox } = await onTwo();
    await chrome.signOut();
    await chrome.expectLoginPage(/signed out on this device/);
    await firefox.expectSignedIn();
    // A page behind the sign-in is not shown again.
    await chrome.goto('/profile');
    await chrome.expectLoginPage(null);
  });

  test('A2, A3, A4, A10 it asks first, then every device is out at its next action, and no teammate', async () => {
    const { site, chrome, firefox } = await onTwo();
    const member = await demo.newPage(site, { userAgent: SAFARI_ON_IOS });
    await member.signIn('member');

    await chrome.follow('Sessions & security');
    await chrome.follow('Sign out everywhere…');
    expect(await shown(chrome.page.getByRole('heading', { level: 1 }))).toBe('Sign out everywhere?');
    await chrome.follow('Cancel');
    await chrome.expectPath('/account');
    await chrome.follow('Sign out everywhere…');
    // Opening the confirmation page has ended no session.
    await firefox.expectSignedIn();

    await chrome.click('Sign out everywhere');
    await chrome.expectLoginPage(EVERYWHERE);
    // The server pushes nothing, so the open page does not change.
    await firefox.expectPath('/account');
    expect(await firefox.page.getByRole('button', { name: 'Change password' }).isVisible()).toBe(true);
    await firefox.follow('Profile');
    await firefox.expectLoginPage(EVERYWHERE);
    await member.expectSignedIn();
  });

  inFull('A2, A7, A10 by the card, which has no rows here', async () => {
    const { chrome, firefox } = await onTwo();
    await chrome.goto('/profile');
    const everywhere = chrome.card.getByRole('button', { name: 'Sign out everywhere' });
    await everywhere.waitFor();
    expect(await chrome.card.getByRole('listitem').count()).toBe(0);
    expect(await chrome.card.getByRole('button', { name: /Log out/ }).count()).toBe(0);
    await chrome.confirm('Sign out everywhere', 'Cancel');
    await firefox.expectSignedIn();

    await chrome.confirm('Sign out everywhere', 'Sign out everywhere');
    await chrome.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
    await firefox.follow('Profile');
    await firefox.expectLoginPage(EVERYWHERE);
  });

  test('A5 a password change does the same, here too, without a second click', async () => {
    const { site, chrome, firefox } = await onTwo();
    await chrome.changePassword('owner', 'another-demo-password');
    await chrome.expectLoginPage(/Your password was changed/);
    await firefox.follow('Sessions & security');
    await firefox.expectLoginPage(/Your password was changed/);
    // The new password works, and the sign-in returns to the requested page.
    await firefox.fillIn({ ...site.credentialsOf('owner'), password: 'another-demo-password' });
    await firefox.click('Sign in');
    await firefox.expectPath('/account');
  });

  inFull('A5 so does the form of a page that was open already: it is refused', async () => {
    const { site, chrome, firefox } = await onTwo();
    await firefox.goto('/account');
    await chrome.goto('/account/sign-out-everywhere');
    await chrome.click('Sign out everywhere');
    await chrome.expectLoginPage(EVERYWHERE);

    const fields = firefox.page.getByRole('region', { name: 'E-mail address' });
    await fields.getByLabel('New address').fill('thief@evil.example');
    await fields.getByLabel('Your password').fill('owner-demo-password');
    await firefox.click('Change address');
    await firefox.expectLoginPage(EVERYWHERE);
    expect((await site.users.get('user-1'))?.email).toBe('owner@acme.example');
  });

  inFull('A6 signed in until signing out, ten years later', async () => {
    const { site, chrome, firefox } = await onTwo();
    site.clock.advance(3650 * DAY);
    await chrome.expectSignedIn();
    await firefox.expectSignedIn();
  });

  inFull('A8 password and second factor are asked again', async () => {
    const { site, chrome } = await onTwo();
    await chrome.goto('/account/sign-out-everywhere');
    await chrome.click('Sign out everywhere');
    await chrome.expectLoginPage(EVERYWHERE);
    const { code, ...passwordOnly } = site.credentialsOf('owner');
    await chrome.fillIn(passwordOnly);
    await chrome.click('Sign in');
    expect(await shown(chrome.page.getByRole('alert'))).not.toBe('');
    await chrome.fillIn({ ...passwordOnly, code: code === '000000' ? '000001' : '000000' });
    await chrome.click('Sign in');
    expect(await shown(chrome.page.getByRole('alert'))).not.toBe('');
    await chrome.signIn('owner');
  });

  inFull.each(HOSTS)('A9 on %s it leads to the login page of that host', async (host) => {
    const { site, chrome, firefox } = await onTwo(host);
    // A session belongs to one host. On the other host, the user is not signed in.
    await chrome.page.goto(`http://localhost:${site.port}/account`);
    expect(chrome.page.url()).toBe(`http://localhost:${site.port}/?returnTo=%2Faccount`);

    await chrome.goto('/account/sign-out-everywhere');
    await chrome.click('Sign out everywhere');
    await chrome.expectLoginPage(EVERYWHERE);
    await firefox.follow('Sessions & security');
    await firefox.expectLoginPage(EVERYWHERE);
    await firefox.fillIn(site.credentialsOf('owner'));
    await firefox.click('Sign in');
    await firefox.expectPath('/account');
  });
}
