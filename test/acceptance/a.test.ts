// Table A: sign out everywhere, all or nothing.
import { describe, expect, test } from 'vitest';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import type { Answer } from './support/answer.ts';
import type { Device } from './support/device.ts';
import { formsOf, linksOf } from './support/forms.ts';
import { personOf } from './support/people.ts';
import { toldTo } from './support/reading.ts';
import { DAY, MINUTE, open } from './support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from './support/user-agents.ts';

const { password } = personOf('owner');

describe('A: sign out everywhere', { timeout: TEST_TIMEOUT }, () => {
  test('A1 Sign out ends this device only', async () => {
    const site = await open('a');
    const [chrome, firefox, safari] = await onThree(site);
    const stolen = chrome.stolen();

    expect((await chrome.post('/sessions/sign-out')).status).toBe(204);
    expect(chrome.cookies).toEqual([]);
    expect(await toldTo(stolen)).toEqual({ status: 401, reason: 'ended', reasonCode: 'signed-out' });
    expect(await firefox.isSignedIn()).toBe(true);

    // The sign-out button of every page.
    const { status, location } = await firefox.submit('/sign-out');
    expect([status, location]).toEqual([303, '/?reason=signed-out']);
    expect(await firefox.isSignedIn()).toBe(false);
    expect(await safari.isSignedIn()).toBe(true);
  });

  test('A2 Sign out everywhere marks the exact moment: every session signed in at or before it is refused at its next action, the one that asked too', async () => {
    const site = await open('a');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    site.clock.advance(400 * DAY);
    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS, { remember: true });
    site.clock.advance(DAY);
    const atThatMoment = await site.signedIn('owner', SAFARI_ON_IOS);
    const stolen = firefox.stolen();

    const moment = site.clock.now();
    expect((await firefox.post('/sessions/sign-out-everywhere')).status).toBe(204);
    // A later sign-in stays valid, even in the same millisecond.
    const after = await site.signedIn('owner', SAFARI_ON_IOS);
    site.clock.advance(MINUTE);

    const revoked = { status: 401, reason: 'revoked', reasonCode: 'signed-out-everywhere' };
    expect(firefox.cookies).toEqual([]);
    for (const device of [chrome, stolen, atThatMoment]) expect(await toldTo(device)).toEqual(revoked);
    expect(await after.isSignedIn()).toBe(true);
    const [entry, ...others] = await site.audit({ types: ['sessions.revoked'] });
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ at: moment, user: 'user-1', by: 'user-1', scope: 'user' });
  });

  test('A3 It lands on the next action: nothing is pushed to an open page', async () => {
    const site = await open('a');
    const [chrome, firefox] = await onThree(site);
    const page = await firefox.open('/profile');
    expect(page.status).toBe(200);
    // The page does not reload itself.
    expect(page.headers).not.toHaveProperty('refresh');
    expect(page.text).not.toMatch(/http-equiv="?refresh/i);

    // A request that is under way completes. This one waits for the comparison of the password.
    let compared = () => {};
    const { verify } = site.users;
    const comparing = new Promise<void>((resolve) => {
      site.users.verify = async (...asked) => {
        resolve();
        await new Promise<void>((go) => {
          compared = go;
        });
        return verify.apply(site.users, asked);
      };
    });
    const underWay = firefox.post('/email', { password: 'wrong', email: 'new@acme.example' });
    await comparing;
    await chrome.post('/sessions/sign-out-everywhere');
    compared();
    expect((await underWay).status).toBe(400);

    const next = await firefox.open('/profile');
    expect([next.status, queryOf(next)]).toEqual([303, { returnTo: '/profile', reason: 'signed-out-everywhere' }]);
  });

  test('A4 Teammates keep theirs', async () => {
    const site = await open('a');
    const [chrome] = await onThree(site);
    const member = await site.signedIn('member', CHROME_ON_MAC);
    const second = await site.signedIn('second', FIREFOX_ON_WINDOWS, { remember: true });
    const solo = await site.signedIn('solo', SAFARI_ON_IOS);

    await chrome.post('/sessions/sign-out-everywhere');
    expect(await chrome.isSignedIn()).toBe(false);
    for (const device of [member, second, solo]) expect(await device.isSignedIn()).toBe(true);
  });

  test('A5 A password change does the same, the current device included; no second click', async () => {
    const site = await open('a');
    const [chrome, firefox, safari] = await onThree(site);
    const stolen = chrome.stolen();
    const member = await site.signedIn('member');

    const changed = await chrome.post('/password', { current: password, next: 'another-demo-password' });
    expect(changed.json).toMatchObject({ revoked: true, kept: false });
    expect(chrome.cookies).toEqual([]);
    const revoked = { status: 401, reason: 'revoked', reasonCode: 'password-changed' };
    for (const device of [stolen, firefox, safari]) expect(await toldTo(device)).toEqual(revoked);
    expect(await member.isSignedIn()).toBe(true);

    const old = await chrome.post('/sign-in', site.credentialsOf('owner'));
    expect([old.status, chrome.cookies]).toEqual([401, []]);
    const next = { ...site.credentialsOf('owner'), password: 'another-demo-password' };
    expect((await chrome.post('/sign-in', next)).status).toBe(200);
    expect(await chrome.isSignedIn()).toBe(true);
  });

  test('A6 No expiry: signed in until signing out', async () => {
    const site = await open('a');
    const [chrome, firefox, safari] = await onThree(site);
    // One device is used every year, the others are not used at all.
    for (let year = 0; year < 10; year++) {
      site.clock.advance(365 * DAY);
      expect(await chrome.isSignedIn()).toBe(true);
      await site.sessions.prune();
    }
    expect(await firefox.isSignedIn()).toBe(true);
    expect(await safari.isSignedIn()).toBe(true);

    await safari.post('/sessions/sign-out');
    expect(await safari.isSignedIn()).toBe(false);
  });

  test('A7 Device list and per-device routes can be left out', async () => {
    const site = await open('a');
    const [chrome, firefox] = await onThree(site);
    const {
      sessions: [youngest],
    } = await site.sessions.list({ user: 'user-1' });

    const answers = [
      await chrome.get('/sessions'),
      await chrome.get('/sessions?ended=true'),
      await chrome.delete(`/sessions/${youngest?.id}`),
      await chrome.submit(`/sessions/${youngest?.id}/sign-out`),
      await chrome.post('/sessions/sign-out-others'),
      await chrome.get('/sessions/policy'),
      await chrome.put('/sessions/policy', { signOut: 'everywhere' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(404));
    const { sessions } = await site.sessions.list({ user: 'user-1' });
    expect(sessions).toHaveLength(3);
    expect(await firefox.isSignedIn()).toBe(true);
    // The page shows no other device, either.
    const page = await chrome.open('/profile');
    expect(page.text).not.toContain('Firefox on Windows');
    expect(page.text).toMatch(/<login-management [^>]*hide="[^"]*\brows\b/);
  });

  test('A8 After it, password and second factor are asked again: nothing of amr carries over', async () => {
    const site = await open('a');
    const [chrome] = await onThree(site);
    expect((await chrome.get('/me')).json).toMatchObject({ amr: ['pwd', 'otp'] });
    const old = site.credentialsOf('owner');
    await chrome.post('/sessions/sign-out-everywhere');
    site.clock.advance(10 * MINUTE);

    const { code, ...passwordOnly } = site.credentialsOf('owner');
    for (const tried of [passwordOnly, old, { ...passwordOnly, code: '' }, { ...old, password: 'wrong', code }]) {
      const { status, headers } = await chrome.post('/sign-in', tried);
      expect([status, headers['set-cookie']]).toEqual([401, undefined]);
    }
    await site.signIn(chrome, 'owner');
    expect((await chrome.get('/me')).json).toMatchObject({ amr: ['pwd', 'otp'], authenticatedAt: site.clock.now() });

    // Without the second factor, the next sign-in proves only a password, regardless of earlier sign-ins.
    const switched = await chrome.post('/second-factor', { password, enabled: 'no' });
    expect(switched.json).toMatchObject({ revoked: true, kept: false });
    expect((await chrome.post('/sign-in', passwordOnly)).status).toBe(200);
    expect((await chrome.get('/me')).json).toMatchObject({ amr: ['pwd'] });
  });

  test.each(['acme.localhost', 'login.customer.example'])(
    'A9 On a custom domain or subdomain the redirect goes to the login page of the same host: %s',
    async (host) => {
      const site = await open('a');
      const stranger = site.newDevice(CHROME_ON_MAC, host);
      const guarded = await stranger.open('/account', { 'x-forwarded-host': 'evil.example' });
      expect([guarded.status, placeOf(guarded, stranger)]).toEqual([303, `${stranger.origin}/`]);

      const [chrome, firefox] = [stranger, site.newDevice(FIREFOX_ON_WINDOWS, host)];
      for (const device of [chrome, firefox]) {
        const signedIn = await device.submit('/sign-in', { ...site.credentialsOf('owner'), returnTo: '/account' });
        expect([signedIn.status, placeOf(signedIn, device)]).toEqual([303, `${device.origin}/account`]);
      }
      const asked = await chrome.submit('/sessions/sign-out-everywhere', {}, { 'x-forwarded-host': 'evil.example' });
      expect([asked.status, placeOf(asked, chrome)]).toEqual([303, `${chrome.origin}/`]);
      const next = await firefox.open('/profile');
      expect([next.status, placeOf(next, firefox)]).toEqual([303, `${firefox.origin}/`]);
      expect(queryOf(next)).toEqual({ returnTo: '/profile', reason: 'signed-out-everywhere' });
    },
  );

  test('A10 The page asks for confirmation first', async () => {
    const site = await open('a');
    const [chrome, firefox] = await onThree(site);
    expect(linksOf((await chrome.open('/account')).text)).toContain('/account/sign-out-everywhere');
    // Other pages have a button for it only in a part that the user has to open first.
    for (const path of ['/profile', '/account']) {
      const { status, text } = await chrome.open(path);
      expect(status).toBe(200);
      expect(formsOf(text.replace(/<details>.*?<\/details>/gs, '')).filter(isEverywhere)).toEqual([]);
    }

    const page = await chrome.open('/account/sign-out-everywhere');
    const [form, ...others] = formsOf(page.text).filter(isEverywhere);
    expect(others).toEqual([]);
    // Neither opening the page nor following a link signs out.
    for (const path of ['/account/sign-out-everywhere', '/sessions/sign-out-everywhere']) {
      await chrome.open(path);
      await chrome.request('HEAD', path, { accept: 'text/html' });
    }
    for (const device of [chrome, firefox]) expect(await device.isSignedIn()).toBe(true);

    const confirmed = await chrome.submit(form?.action ?? '', form?.fields);
    expect([form?.method, confirmed.status]).toEqual(['post', 303]);
    expect(placeOf(confirmed, chrome)).toBe(`${chrome.origin}/`);
    for (const device of [chrome, firefox]) expect(await device.isSignedIn()).toBe(false);
  });
});

describe('what else signs out everywhere', { timeout: TEST_TIMEOUT }, () => {
  test.each([
    ['an e-mail address', '/email', { password, email: 'new@acme.example' }, 'email-changed'],
    ['the second factor', '/second-factor', { password, enabled: 'no' }, 'second-factor-changed'],
  ] as const)('changing %s', async (_, path, body, reasonCode) => {
    const site = await open('a');
    const [chrome, firefox] = await onThree(site);
    expect((await chrome.post(path, body)).json).toMatchObject({ revoked: true, kept: false, found: true });
    expect(chrome.cookies).toEqual([]);
    expect(await toldTo(firefox)).toEqual({ status: 401, reason: 'revoked', reasonCode });
  });
});

/** Signs the owner in on three devices. */
async function onThree(site: Awaited<ReturnType<typeof open>>): Promise<[Device, Device, Device]> {
  return Promise.all([
    site.signedIn('owner', CHROME_ON_MAC),
    site.signedIn('owner', FIREFOX_ON_WINDOWS, { remember: true }),
    site.signedIn('owner', SAFARI_ON_IOS),
  ]);
}

const isEverywhere = ({ action }: { action: string }): boolean => action.includes('sign-out-everywhere');

/** Returns where a redirect leads, without the query. The location names no host, so it stays on the requested host. */
function placeOf({ location }: Answer, device: Device): string {
  expect(location).toMatch(/^\/(?!\/)/);
  const { origin, pathname } = new URL(location ?? '', device.origin);
  return origin + pathname;
}

const queryOf = ({ location }: Answer): Readonly<Record<string, string>> =>
  Object.fromEntries(new URL(location ?? '', 'http://localhost').searchParams);
