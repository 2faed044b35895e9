import { describe, expect, onTestFinished, test } from 'vitest';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, fetchMetadata, NAVIGATION } from '../../frameworks/http/browser.ts';
import { expectProblem, rowsOf } from '../../frameworks/http/expectations.ts';
import { dataOf } from './data-of.ts';
import {
  leavesCookie,
  open,
  type SessionLayer,
  type Site,
  type SiteBrowser,
  type SiteOptions,
} from './koa-fastify-site.ts';

/** Tests what a bridge does for signed-in users, on every inner store. */
export function bridgeBehaviours(layer: SessionLayer): void {
  describe.each(layer.inners)('on $name', ({ open: openInner }) => {
    describe.skipIf(openInner === null)(`an app on ${layer.name}`, () => {
      async function start(options: SiteOptions = {}): Promise<Site> {
        const inner = await openInner!();
        onTestFinished(inner.close);
        return open(layer, { ...options, inner });
      }

      /** Opens a site where Alice is signed in on two devices. */
      async function twice(options: SiteOptions = {}): Promise<Site & Record<'mac' | 'windows', SiteBrowser>> {
        const site = await start(options);
        const [mac, windows] = [site.browser(), site.browser(FIREFOX_ON_WINDOWS)];
        await mac.login('alice');
        await windows.login('alice');
        return { ...site, mac, windows };
      }

      test('lists devices', async () => {
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
        expect(await inner.read(sid)).toMatchObject({ userId: 'alice' });
        const other = rowsOf(await mac.get('/sessions')).find(({ current }) => !current);
        expect((await mac.delete(`/sessions/${other?.id}`)).status).toBe(204);
        expectProblem(await windows.get('/me'), 401, 'session-required');
        expect(dataOf(await inner.read(sid))).toEqual({});
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
        expect(dataOf(await inner.read(sid))).toEqual({});
        expect(rowsOf(await mac.get('/sessions'))).toHaveLength(1);
      });

      test('signs out everywhere, this device too', async () => {
        const { mac, windows, sessions, inner } = await twice();
        const [cookie, { sid }] = [mac.session, windows];
        expect((await mac.post('/sessions/sign-out-everywhere')).status).toBe(204);
        for (const browser of [mac, windows]) expectProblem(await browser.get('/me'), 401, 'session-required');
        expectProblem(await mac.get('/me', { cookie }), 401, 'session-required');
        expect(dataOf(await inner.read(sid))).toEqual({});
        expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
        await mac.login('alice');
        expect((await mac.get('/me')).json).toMatchObject({ user: 'alice' });
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

      test('keeps one more field in the data', async () => {
        const { mac, inner } = await twice();
        const fields = Object.keys((await inner.read(mac.sid)) ?? {});
        const ofTheLayer = ['cookie', '_expire', '_maxAge'];
        expect(fields.filter((field) => !ofTheLayer.includes(field)).sort()).toEqual(['sessionRevocation', 'userId']);
      });

      test('a revocation from elsewhere ends what it covers', async () => {
        const site = await start();
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
      const { browser: newBrowser, sessions } = await open(layer, { bridge: { loginUrl: '/login' } });
      const browser = newBrowser();
      await browser.login('alice');
      await sessions.trigger('passwordReset', { user: 'alice', by: 'alice' });
      const { status, headers } = await browser.get('/me', NAVIGATION);
      expect(status).toBe(303);
      expect(headers.location).toMatch(/^\/login\?.*reason=password-reset/);
    });

    test('what comes from another site changes nothing, unless it is one of ours', async () => {
      const origins = ['https://shop.example.org'];
      const { browser: newBrowser, sessions } = await open(layer, { bridge: { origins } });
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

    test('a visitor, and a made-up cookie, have no user', async () => {
      const { browser: newBrowser } = await open(layer);
      const browser = newBrowser();
      for (const cookie of [null, `${layer.cookie}=junk`, `${layer.cookie}=abc.def`]) {
        expectProblem(await browser.get('/me', { cookie }), 401, 'session-required');
        expect((await browser.get('/who', { cookie })).json).toMatchObject({ user: null, refusal: null });
      }
    });

    test('a visitor costs no call of the store of sessions, and a signed-in user one per request', async () => {
      const { browser: newBrowser, store } = await open(layer);
      const browser = newBrowser(CHROME_ON_MAC);
      await browser.post('/cart?item=tea');
      store.forget();
      expect((await browser.post('/cart?item=milk')).json).toEqual(['tea', 'milk']);
      expect((await browser.get('/who')).json).toMatchObject({ user: null, cart: ['tea', 'milk'] });
      expect(store.calls).toEqual([]);
      await browser.login('alice');
      store.forget();
      await browser.get('/me');
      expect(store.calls).toEqual(['find']);
    });

    test('an idle lifetime ends the inner session, too', async () => {
      const lifetime = { absolute: '2h', idle: '1h' } as const;
      const { browser: newBrowser, clock, inner } = await open(layer, { sessions: { lifetime } });
      const browser = newBrowser();
      const sid = await browser.login('alice');
      clock.advance(50 * 60e3);
      expect((await browser.get('/me')).status).toBe(200);
      clock.advance(61 * 60e3);
      expect((await browser.get('/who')).json).toMatchObject({ user: null, refusal: { reason: 'expired' } });
      expect(dataOf(await inner.read(sid))).toEqual({});
    });

    test.each(['/login', '/renew', '/sign-out'])('the answer to %s is not for caches', async (page) => {
      const browser = (await open(layer)).browser();
      await browser.login('alice');
      expect((await browser.post(page)).headers['cache-control']).toBe('no-store');
    });

    test('a property of the request tells, too', async () => {
      const { browser: newBrowser, errors } = await open(layer, { bridge: { property: 'auth' } });
      await newBrowser().login('alice');
      expect(errors).toEqual([]);
    });
  });

  describe('outages', () => {
    test.each(['throws', 'hangs'] as const)('of our store, which %s: an error, and no sign-out', async (state) => {
      const { browser: newBrowser, store } = await open(layer, { sessions: { timeout: 40 } });
      const browser = newBrowser();
      const sid = await browser.login('alice');
      const cookie = browser.session;
      store.state = state;
      for (const path of ['/me', '/inner', '/who']) {
        const answer = await browser.get(path);
        expect(answer).toMatchObject({ status: 503, json: { code: 'SESSION_STORE_UNAVAILABLE' } });
        expect(leavesCookie(layer, answer)).toBe(true);
      }
      expect((await newBrowser().get('/inner')).status).toBe(200);
      store.state = 'answers';
      expect([browser.session, browser.sid]).toEqual([cookie, sid]);
      expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
    });

    test.each(['/destroy', '/sign-out', '/sign-out-everywhere'])(
      'a sign-out that cannot be written fails: %s',
      async (page) => {
        const { browser: newBrowser, store } = await open(layer);
        const browser = newBrowser();
        await browser.login('alice');
        const cookie = browser.session;
        store.only = ['end', 'advance'];
        store.state = 'throws';
        expect((await browser.post(page)).status).toBe(503);
        store.state = 'answers';
        expect((await browser.get('/me', { cookie })).json).toMatchObject({ user: 'alice' });
        expect((await browser.post(page, { cookie })).status).toBe(200);
        expect((await browser.get('/me', { cookie })).status).toBe(401);
      },
    );
  });
}
