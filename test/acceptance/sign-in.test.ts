// Sign-ins that collide with other changes, and the reasons that the login page shows.
import { describe, expect, test } from 'vitest';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { formsOf } from './support/forms.ts';
import { personOf } from './support/people.ts';
import { open, type Site } from './support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from './support/user-agents.ts';

/** Holds the next `count` sign-ins of an app at the point where their passwords were accepted. */
function hold({ users }: Site, count: number): { readonly arrived: Promise<void>; go(): void } {
  const { verify } = users;
  let arrive = () => {};
  let go = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const going = new Promise<void>((resolve) => {
    go = resolve;
  });
  let held = 0;
  users.verify = async () => {
    held++;
    if (held === count) {
      // Later sign-ins are not held.
      users.verify = verify;
      arrive();
    }
    await going;
    return true;
  };
  return { arrived, go: () => go() };
}

const SUPERSEDED = 'All sessions of this account were ended a moment ago: sign in again';

describe('a sign-in that was begun before', { timeout: TEST_TIMEOUT }, () => {
  const { email, password } = personOf('member');

  test.each([
    ['the password was changed', (site: Site) => changePassword(site)],
    ['everybody in the account was signed out', (site: Site) => site.sessions.revoke({ account: 'acme' })],
    ['the member was signed out everywhere', (site: Site) => signOutEverywhere(site)],
  ])('%s gets no session, and is told why', async (_, revoke) => {
    const site = await open('e');
    const held = hold(site, 2);
    const program = site.newDevice(FIREFOX_ON_WINDOWS).post('/sign-in', { email, password });
    const page = site.newDevice(CHROME_ON_MAC).submit('/sign-in', { email, password, returnTo: '/account' });
    await held.arrived;
    await revoke(site);
    held.go();

    for (const { status, headers, json, text } of await Promise.all([program, page])) {
      expect([status, headers['set-cookie']]).toEqual([401, undefined]);
      expect(json?.title ?? text).toContain(SUPERSEDED);
    }
    expect(formsOf((await page).text)[0]).toMatchObject({ action: '/sign-in', fields: { returnTo: '/account' } });
    expect((await site.sessions.list({ user: 'user-2' })).sessions).toEqual([]);
  });

  test('somebody else was signed out is none of its business', async () => {
    const site = await open('e');
    const other = await site.signedIn('second');
    const device = site.newDevice();
    const held = hold(site, 1);
    const asked = device.post('/sign-in', { email, password });
    await held.arrived;
    await other.post('/sessions/sign-out-everywhere');
    held.go();
    expect((await asked).status).toBe(200);
    expect(await device.isSignedIn()).toBe(true);
  });

  test('a suspension, and its end, is refused; a new one is not', async () => {
    const site = await open('d');
    const admin = await site.signedIn('owner');
    const suspended = site.newDevice();
    await admin.post('/review/suspend', { user: 'user-2', note: 'looking' });
    const refused = await suspended.submit('/sign-in', { email, password });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('This account is suspended')]);

    const held = hold(site, 1);
    const asked = suspended.post('/sign-in', { email, password });
    await held.arrived;
    await admin.post('/review/resume', { user: 'user-2' });
    held.go();
    expect((await asked).json).toMatchObject({ status: 401, title: SUPERSEDED });
    await site.signIn(suspended, 'member');
    expect(await suspended.isSignedIn()).toBe(true);
  });

  async function changePassword(site: Site): Promise<void> {
    const phone = await site.signedIn('member', SAFARI_ON_IOS);
    const changed = await phone.post('/password', { current: password, next: 'another-demo-password' });
    expect(changed.json).toMatchObject({ revoked: true, kept: true });
    await phone.post('/sign-out');
  }

  async function signOutEverywhere(site: Site): Promise<void> {
    expect((await (await site.signedIn('member', SAFARI_ON_IOS)).post('/sessions/sign-out-everywhere')).status).toBe(
      204,
    );
  }
});

describe('the login page says why', { timeout: TEST_TIMEOUT }, () => {
  test.each([
    [
      'by a password change',
      '/password',
      { current: 'owner-demo-password', next: 'another-demo-password' },
      /password was changed/i,
    ],
    [
      'by an e-mail change',
      '/email',
      { password: 'owner-demo-password', email: 'new@acme.example' },
      /e-mail address was changed/i,
    ],
    ['from another device', '/sessions/sign-out-others', {}, /from another of your devices/i],
    ['everywhere', '/sessions/sign-out-everywhere', {}, /logged out on every device/i],
  ])('one is signed out %s', async (_, path, body, text) => {
    const site = await open('e');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    const bookmarked = firefox.stolen();
    expect((await chrome.post(path, body)).status).toBeLessThan(300);

    const guarded = await firefox.open('/account');
    expect(guarded.status).toBe(303);
    const login = await firefox.open(guarded.location ?? '');
    expect([login.status, login.text]).toEqual([200, expect.stringMatching(text)]);
    // The reason also appears if the user opens the login page directly.
    expect((await bookmarked.open('/')).text).toMatch(text);
    // A browser without the cookie sees no reason.
    expect((await site.newDevice().open('/')).text).not.toMatch(text);
    // The reason stays until the user dismisses it.
    expect((await firefox.open('/')).text).toMatch(text);
    const dismissed = await firefox.submit('/sign-out', { returnTo: '/' });
    expect([dismissed.status, dismissed.location]).toEqual([303, '/']);
    expect((await firefox.open('/')).text).not.toMatch(text);
    expect(firefox.cookies).toEqual([]);
  });

  test('by a fixed table of texts: what a link says is not shown', async () => {
    const site = await open('e');
    const device = site.newDevice();
    for (const reason of ['<b>bold</b>', 'Call 555-0100 at once', 'constructor', '__proto__', 'toString']) {
      const { status, text } = await device.open(
        `/?${new URLSearchParams({ reason, done: reason, returnTo: reason })}`,
      );
      expect(status).toBe(200);
      expect(text).not.toContain(reason);
      expect(text).not.toMatch(/role="status"|function|\[object/);
    }
  });
});

describe('a trigger for somebody without sessions', { timeout: TEST_TIMEOUT }, () => {
  test('answers so, and counts all the same', async () => {
    const site = await open('d');
    const admin = await site.signedIn('owner');
    expect((await admin.post('/review/role', { user: 'user-2', role: 'admin' })).json).toEqual({
      revoked: true,
      found: false,
    });
    expect((await admin.post('/review/remove-member', { user: 'user-3' })).json).toEqual({
      revoked: true,
      found: false,
    });

    const stranger = site.newDevice();
    await stranger.post('/password-reset/request', { email: 'member@acme.example' });
    const reset = { token: site.mails[0]?.token, next: 'another-demo-password' };
    expect((await stranger.post('/password-reset', reset)).json).toEqual({ revoked: true, found: false });
    expect(await site.audit({ types: ['sessions.revoked'] })).toHaveLength(3);

    // For an unknown user, nothing is done at all.
    for (const step of ['revoke', 'remove-member', 'role', 'suspend', 'resume', 'forget']) {
      const { status, json } = await admin.post(`/review/${step}`, { user: 'nobody', role: 'member' });
      expect([status, json?.title]).toEqual([404, 'There is no such member']);
    }
    expect(await site.audit({ types: ['sessions.revoked'] })).toHaveLength(3);
  });
});
