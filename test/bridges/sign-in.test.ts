import { authOf } from 'session-revocation/express';
import { describe, expect, test } from 'vitest';
import { expectProblem, rowsOf } from '../frameworks/http/expectations.ts';
import { recordOf } from './support/callback-calls.ts';
import { dataOf } from './support/data-of.ts';
import { open, type Site } from './support/site.ts';

describe('signIn', () => {
  test('gives a visitor a new id and keeps the data; the old id has no user', async () => {
    const { browser: newBrowser, inner } = await open();
    const browser = newBrowser();
    await browser.post('/cart?item=tea');
    const { sid, session } = browser;
    await browser.login('alice');
    expect(browser.sid).not.toBe(sid);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice', cart: ['tea'] });
    expect(dataOf(await recordOf(inner, sid))).toEqual({});
    // The id from before the sign-in has no user (session fixation).
    expect((await browser.get('/who', { cookie: session })).json).toMatchObject({
      user: null,
      inner: null,
      cart: null,
    });
  });

  test('over another user’s live session: fresh data, and that session ends', async () => {
    const { browser: newBrowser, sessions } = await open();
    const browser = newBrowser();
    await browser.login('alice');
    await browser.post('/cart?item=tea');
    const { session } = browser;
    await browser.login('bob');
    expect((await browser.get('/who')).json).toMatchObject({ user: 'bob', inner: 'bob', cart: null });
    expect((await browser.get('/who', { cookie: session })).json).toMatchObject({ user: null, inner: null });
    const { sessions: ended } = await sessions.list({ user: 'alice' }, { ended: true });
    expect(ended).toMatchObject([{ end: { reason: 'ended', ended: { reason: 'replaced' } } }]);
  });

  test('again, of the same user: the data stay, and one session is listed', async () => {
    const { browser: newBrowser } = await open();
    const browser = newBrowser();
    await browser.login('alice');
    await browser.post('/cart?item=tea');
    const { sid } = browser;
    await browser.login('alice');
    expect(browser.sid).not.toBe(sid);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', cart: ['tea'] });
    expect(rowsOf(await browser.get('/sessions'))).toHaveLength(1);
  });

  test('with a wrong password changes nothing', async () => {
    const { browser: newBrowser } = await open();
    const browser = newBrowser();
    await browser.login('alice');
    const { sid } = browser;
    expect((await browser.post('/login?user=bob&password=wrong')).json).toEqual({ ok: false, reason: 'not-verified' });
    expect(browser.sid).toBe(sid);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  });

  test('that is overtaken by a revocation while the password is checked starts nothing', async () => {
    const site: Site = await open({
      pages: (app) => {
        app.post('/slow-login', async (request, response) => {
          const verify = async (): Promise<boolean> => (await site.sessions.revoke({ user: 'alice' })).revoked;
          const { ok, ...signedIn } = await authOf(request).signIn({ user: 'alice', verify });
          response.json({ ok, reason: 'reason' in signedIn ? signedIn.reason : null });
        });
      },
    });
    const browser = site.browser();
    await browser.post('/cart?item=tea');
    const { sid } = browser;
    expect((await browser.post('/slow-login')).json).toEqual({ ok: false, reason: 'superseded' });
    expect(browser.sid).toBe(sid);
    expect((await browser.get('/who')).json).toMatchObject({ user: null, cart: ['tea'] });
  });

  test('of a suspended user starts nothing', async () => {
    const { browser: newBrowser, sessions } = await open();
    await sessions.suspend({ user: 'alice' }, { by: 'admin' });
    const browser = newBrowser();
    expect((await browser.post('/login')).json).toEqual({ ok: false, reason: 'suspended' });
    expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null });
  });

  test('after a refusal starts afresh', async () => {
    const { browser: newBrowser, sessions } = await open();
    const browser = newBrowser();
    await browser.login('alice');
    await sessions.revoke({ user: 'alice' });
    expectProblem(await browser.get('/me'), 401, 'session-required');
    await browser.login('alice');
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', refusal: null });
  });

  test('keeps the cookie attributes of express-session', async () => {
    const { browser: newBrowser } = await open({ settings: { cookie: { maxAge: 3600e3, sameSite: 'lax' } } });
    const browser = newBrowser();
    const { setCookies } = await browser.post('/login');
    expect(setCookies).toEqual([
      expect.stringMatching(/^connect\.sid=s%3A[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/),
    ]);
  });

  test('attributes that the app set for one cookie stay while the session continues; a sign-in gets those of express-session', async () => {
    const { browser: newBrowser } = await open({
      pages: (app) => {
        app.post('/laxly', ({ session }, response) => {
          session.cart = ['tea'];
          Object.assign(session.cookie, { sameSite: 'none', httpOnly: false, maxAge: 3600e3 });
          response.end();
        });
      },
    });
    const browser = newBrowser();
    await browser.post('/laxly');
    expect((await browser.post('/login')).setCookies).toEqual([
      expect.stringMatching(/; Path=\/; Expires=[^;]+; HttpOnly$/),
    ]);
    await browser.post('/laxly');
    for (const page of ['/sessions/sign-out-others', '/renew']) {
      const { setCookies } = await browser.post(page);
      expect(setCookies, page).toEqual([expect.stringMatching(/; Path=\/; Expires=[^;]+; HttpOnly; SameSite=None$/)]);
    }
  });

  test.each(['/login', '/renew', '/sign-out'])('is not for caches, nor is %s', async (page) => {
    const browser = (await open()).browser();
    await browser.login('alice');
    expect((await browser.post(page)).headers['cache-control']).toBe('no-store');
  });
});

describe.each(['renew', 'reauthenticate', 'sign-out-others', 'password-changed'])('%s', (page) => {
  test('gives the client a new id; the data and the session stay, the old id is dead', async () => {
    const { browser: newBrowser, inner } = await open();
    const browser = newBrowser();
    await browser.login('alice');
    await browser.post('/cart?item=tea');
    const { id } = (await browser.get('/me')).json ?? {};
    const { sid, session } = browser;

    expect((await browser.post(`/${page}`)).status).toBe(200);
    expect(browser.sid).not.toBe(sid);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', id, inner: 'alice', cart: ['tea'] });
    expect((await browser.get('/who', { cookie: session })).json).toMatchObject({
      user: null,
      inner: null,
      cart: null,
    });
    expect(dataOf(await recordOf(inner, sid))).toEqual({});
    expect(rowsOf(await browser.get('/sessions'))).toMatchObject([{ id, current: true }]);
  });

  test('of a session that is over meanwhile does nothing to a newer one', async () => {
    const { browser: newBrowser, sessions } = await open();
    const [browser, other] = [newBrowser(), newBrowser()];
    await browser.login('alice');
    await sessions.revoke({ user: 'alice' });
    await other.login('alice');
    expect((await browser.post(`/${page}`)).status).toBe(401);
    expect((await other.get('/me')).json).toMatchObject({ user: 'alice' });
  });
});

test('reauthenticate with a wrong password changes nothing', async () => {
  const { browser: newBrowser } = await open();
  const browser = newBrowser();
  const sid = await browser.login('alice');
  expect((await browser.post('/reauthenticate?password=wrong')).json).toMatchObject({ ok: false });
  expect(browser.sid).toBe(sid);
  await browser.post('/reauthenticate');
  expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', amr: ['otp'] });
});

describe.each(['sign-out', 'sign-out-everywhere', 'password-reset'])('%s', (page) => {
  test('ends the session, and leaves an empty inner session under a new id', async () => {
    const { browser: newBrowser, sessions, inner } = await open();
    const browser = newBrowser();
    await browser.login('alice');
    await browser.post('/cart?item=tea');
    const { sid, session } = browser;
    expect((await browser.post(`/${page}`)).status).toBe(200);
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
    expect(dataOf(await recordOf(inner, sid))).toEqual({});
    for (const cookie of [browser.session, session]) {
      expect((await browser.get('/who', { cookie })).json).toMatchObject({ user: null, inner: null, cart: null });
    }
  });
});

test('signOut ends what the account’s policy says', async () => {
  const { browser: newBrowser } = await open({ sessions: { policy: () => ({ signOut: 'everywhere' }) } });
  const [browser, other] = [newBrowser(), newBrowser()];
  await browser.login('alice');
  await other.login('alice');
  await browser.post('/sign-out');
  expect((await other.get('/who')).json).toMatchObject({ user: null, refusal: { reason: 'revoked' } });
});
