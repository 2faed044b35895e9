import type { SessionData } from 'express-session';
import { authOf } from 'session-revocation/express';
import { bridge } from 'session-revocation/express-session';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, fetchMetadata, NAVIGATION } from '../frameworks/http/browser.ts';
import { expectProblem, rowsOf } from '../frameworks/http/expectations.ts';
import { recordOf } from './support/callback-calls.ts';
import { dataOf } from './support/data-of.ts';
import { innerKinds } from './support/inner-stores.ts';
import { COOKIE, leavesCookie, open, type Site, type SiteBrowser, type SiteOptions } from './support/site.ts';

describe.each(innerKinds)('on $name', ({ open: openInner }) => {
  describe.skipIf(openInner === null)('an app on express-session', () => {
    async function start(options: SiteOptions = {}): Promise<Site> {
      const { store, close } = await openInner!();
      onTestFinished(close);
      return open({ ...options, inner: store });
    }

    /** Opens a site where Alice is signed in on two devices. */
    async function twice(options: SiteOptions = {}): Promise<Site & Record<'mac' | 'windows', SiteBrowser>> {
      const site = await start(options);
      const [mac, windows] = [site.browser(), site.browser(FIREFOX_ON_WINDOWS)];
      await mac.login('alice');
      await windows.login('alice');
      return { ...site, mac, windows };
    }

    test('lists devices, behind nothing but express-session', async () => {
      const { mac, windows } = await twice();
      const rows = rowsOf(await mac.get('/sessions'));
      expect(rows).toHaveLength(2);
      expect(rows.filter(({ current }) => current)).toMatchObject([{ user: 'alice', device: { browser: 'Chrome' } }]);
      expect(rowsOf(await windows.get('/sessions')).filter(({ current }) => current)).toMatchObject([
        { device: { browser: 'Firefox' } },
      ]);
    });

    test('ends one: its next request is a stranger’s, and the inner record is gone', async () => {
      const { mac, windows, inner } = await twice();
      const { sid } = windows;
      const other = rowsOf(await mac.get('/sessions')).find(({ current }) => !current);
      expect((await mac.delete(`/sessions/${other?.id}`)).status).toBe(204);

      expectProblem(await windows.get('/me'), 401, 'session-required');
      expect(dataOf(await recordOf(inner, sid))).toEqual({});
      expect((await mac.get('/me')).json).toMatchObject({ user: 'alice' });
    });

    test('signs out others; this device goes on under a new id, with its data', async () => {
      const { mac, windows, inner } = await twice();
      await mac.post('/cart?item=tea');
      const { sid, session } = mac;
      expect((await mac.post('/sessions/sign-out-others')).status).toBe(204);

      expect(mac.sid).not.toBe(sid);
      expect((await mac.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice', cart: ['tea'] });
      expectProblem(await windows.get('/me'), 401, 'session-required');
      expectProblem(await windows.get('/me', { cookie: session }), 401, 'session-required');
      expect(dataOf(await recordOf(inner, sid))).toEqual({});
      expect(rowsOf(await mac.get('/sessions'))).toHaveLength(1);
    });

    test('signs out everywhere, this device too', async () => {
      const { mac, windows, sessions, inner } = await twice();
      const [cookie, { sid }] = [mac.session, windows];
      expect((await mac.post('/sessions/sign-out-everywhere')).status).toBe(204);
      for (const browser of [mac, windows]) expectProblem(await browser.get('/me'), 401, 'session-required');
      expectProblem(await mac.get('/me', { cookie }), 401, 'session-required');
      expect(dataOf(await recordOf(inner, sid))).toEqual({});
      expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);

      await mac.login('alice');
      expect((await mac.get('/me')).json).toMatchObject({ user: 'alice' });
      expectProblem(await windows.get('/me'), 401, 'session-required');
    });

    test('tells why: a changed password', async () => {
      const { mac, windows } = await twice();
      expect((await mac.post('/password-changed')).json).toMatchObject({ revoked: true });
      expect((await mac.get('/who')).json).toMatchObject({ user: 'alice', refusal: null });
      expect((await windows.get('/who')).json).toMatchObject({
        user: null,
        inner: null,
        refusal: { reason: 'revoked', reasonCode: 'password-changed' },
      });
    });

    test('keeps one more field in the data, which is no other app’s business, and no other cookie', async () => {
      const { mac, inner } = await twice();
      const record = await recordOf(inner, mac.sid);
      const own = ['cookie', 'userId', 'sessionRevocation'];
      const ofTheInnerStore = ['__lastAccess'];
      expect(Object.keys(record ?? {}).filter((key) => !ofTheInnerStore.includes(key))).toEqual(
        expect.arrayContaining(own),
      );
      expect(Object.keys(record ?? {}).filter((key) => ![...own, ...ofTheInnerStore].includes(key))).toEqual([]);
      expect(mac.jar.serializeSync()?.cookies.map(({ key }) => key)).toEqual([COOKIE]);
    });

    test('a revocation from elsewhere, of a user, an account, a realm, ends what it covers', async () => {
      const site = await start({ bridge: { account: ({ account }) => account } });
      const browsers = { acme: site.browser(), beta: site.browser(), bob: site.browser() };
      const statuses = async (): Promise<unknown> =>
        Promise.all(Object.values(browsers).map(async (browser) => (await browser.get('/me')).status));
      await browsers.acme.login('alice', '&account=acme');
      await browsers.beta.login('alice', '&account=beta');
      await browsers.bob.login('bob', '&account=beta');
      expect(await statuses()).toEqual([200, 200, 200]);
      await site.sessions.revoke({ account: 'acme' });
      expect(await statuses()).toEqual([401, 200, 200]);
      await site.sessions.revoke({ user: 'alice' });
      expect(await statuses()).toEqual([401, 401, 200]);
      await site.sessions.revoke({ realm: true });
      expect(await statuses()).toEqual([401, 401, 401]);
    });
  });
});

describe('guards and origins', () => {
  test('a page is sent to loginUrl with the reason', async () => {
    const { browser: newBrowser, sessions } = await open({ bridge: { loginUrl: '/login' } });
    const browser = newBrowser();
    await browser.login('alice');
    await sessions.trigger('passwordReset', { user: 'alice', by: 'alice' });
    const { status, headers } = await browser.get('/me', NAVIGATION);
    expect(status).toBe(303);
    expect(headers.location).toMatch(/^\/login\?.*reason=password-reset/);
  });

  test('what comes from another site changes nothing, unless it is one of ours', async () => {
    const origins = ['https://shop.example.org'];
    const { browser: newBrowser, sessions } = await open({ bridge: { origins } });
    const browser = newBrowser();
    await browser.login('alice');
    const elsewhere = { ...fetchMetadata('same-site'), origin: 'https://evil.example.org' };
    const ours = { ...fetchMetadata('same-site'), origin: 'https://shop.example.org' };
    expect((await browser.post('/login?user=bob', elsewhere)).status).toBe(403);
    expectProblem(await browser.post('/sessions/sign-out-everywhere', elsewhere), 403, 'cross-origin');
    expect((await sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    expect((await browser.post('/sessions/sign-out-everywhere', ours)).status).toBe(204);
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });

  test('a visitor, and a made-up or foreign cookie, have no user', async () => {
    const { browser: newBrowser } = await open();
    const browser = newBrowser();
    for (const cookie of [null, `${COOKIE}=junk`, `${COOKIE}=s%3Aabc.def`]) {
      expectProblem(await browser.get('/me', { cookie }), 401, 'session-required');
      expect((await browser.get('/who', { cookie })).json).toMatchObject({ user: null, refusal: null });
    }
  });

  test('a visitor who is not signed in costs our store nothing', async () => {
    const { browser: newBrowser, store } = await open();
    const browser = newBrowser(CHROME_ON_MAC);
    await browser.post('/cart?item=tea');
    store.forget();
    expect((await browser.post('/cart?item=milk')).json).toEqual(['tea', 'milk']);
    expect((await browser.get('/who')).json).toMatchObject({ user: null, cart: ['tea', 'milk'] });
    expect(store.calls).toEqual([]);
  });

  test('a check is one question to our store for a request, however often the app asks', async () => {
    const { browser: newBrowser, store } = await open();
    const browser = newBrowser();
    await browser.login('alice');
    store.forget();
    await browser.get('/me');
    expect(store.calls).toEqual(['find']);
  });

  test('an idle or an absolute lifetime ends the inner session, too', async () => {
    const {
      browser: newBrowser,
      clock,
      inner,
    } = await open({ sessions: { lifetime: { absolute: '2h', idle: '1h' } } });
    const browser = newBrowser();
    const sid = await browser.login('alice');
    clock.advance(50 * 60e3);
    expect((await browser.get('/me')).status).toBe(200);
    clock.advance(61 * 60e3);
    expect((await browser.get('/who')).json).toMatchObject({ user: null, refusal: { reason: 'expired' } });
    expect(dataOf(await recordOf(inner, sid))).toEqual({});
  });

  test('a refusal leaves the inner layer’s cookie as it is', async () => {
    const { browser: newBrowser, sessions } = await open();
    const browser = newBrowser();
    await browser.login('alice');
    await sessions.revoke({ user: 'alice' });
    expect(leavesCookie(await browser.get('/me'))).toBe(true);
  });
});

test('a user’s id may be a number, and nothing is no user', async () => {
  const user = ({ userId }: SessionData): number | string | null => (userId === undefined ? '' : Number(userId));
  const { browser: newBrowser } = await open({ bridge: { user } });
  const browser = newBrowser();
  expect((await browser.get('/who')).json).toMatchObject({ user: null });
  await browser.login('007');
  // The id at the sign-in ('007') and the id from the data (7) must be the same text.
  expect((await browser.get('/who')).json).toMatchObject({ user: null });
  await browser.login('7');
  expect((await browser.get('/me')).json).toMatchObject({ user: '7' });
});

test('property names where the request has it, too', async () => {
  const { browser: newBrowser } = await open({
    bridge: { property: 'auth' },
    pages: (app) => {
      app.get('/same', (request, response) => response.json(Reflect.get(request, 'auth') === authOf(request)));
    },
  });
  const browser = newBrowser();
  expect((await browser.get('/same')).json).toBe(true);
  await browser.login('alice');
  expect((await browser.get('/same')).json).toBe(true);
});

test('options that make no sense are said at once', async () => {
  const { sessions } = await open();
  const user = (): null => null;
  const wrong: unknown[] = [undefined, {}, { user: 'userId' }, { user, account: 'acme' }, { user, users: user }];
  for (const options of wrong) {
    expect(() => Reflect.apply(bridge, null, [sessions, options]), JSON.stringify(options)).toThrow(TypeError);
  }
  expect(() => Reflect.apply(bridge, null, [{}, { user }])).toThrow(TypeError);
  expect(() => Reflect.apply(bridge(sessions, { user }).store, null, [{}])).toThrow(TypeError);
});
