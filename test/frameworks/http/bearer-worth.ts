import { describe, expect, test } from 'vitest';
import { type Browser, fetchMetadata, type Headers, SCRIPT, UNKNOWN_ORIGIN } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { COOKIE } from './site.ts';
import {
  APP,
  bearing,
  openTokenSite,
  passing,
  REFRESH_COOKIE,
  refresh,
  signedInPage,
  type TokenSite,
  tokensOf,
} from './token-site.ts';

const ROTATIONS = ['/bearer/sign-out-others', '/bearer/renew', '/bearer/reauthenticate'];
const SECRET = /[sr][rt]1\.[\w.-]+/;
const WITHOUT_COOKIE: Headers = { ...SCRIPT, cookie: null };

/** A client with a token that may do less than its session. */
interface Initiator {
  readonly browser: Browser;
  readonly headers: Headers;
}

/** Returns a page whose refresh token is in a cookie, with the headers of its requests. */
async function askerOfPage(site: TokenSite, headers: (browser: Browser) => Promise<Headers>): Promise<Initiator> {
  const { browser, access } = await signedInPage(site);
  return { browser, headers: bearing(access, { ...SCRIPT, ...(await headers(browser)) }) };
}

/** Returns a page that exchanged its session cookie for a token. */
async function askerOfCookie(site: TokenSite, headers: (browser: Browser) => Promise<Headers>): Promise<Initiator> {
  const browser = site.browser();
  await browser.signIn('alice');
  const access = (await browser.post('/sessions/token')).json?.access_token;
  return { browser, headers: bearing(access, { ...SCRIPT, ...(await headers(browser)) }) };
}

/** Returns an attacker with a token for an app's session. `made` is the client and scope of that token. */
async function askerOfApp(
  site: TokenSite,
  made: { readonly client: string; readonly scope?: string },
  granted = 'orders:read profile',
): Promise<Initiator> {
  const query = granted === '' ? '' : `&scope=${encodeURIComponent(granted)}`;
  const { accessToken } = await site.appTokens('alice', query);
  const verdict = await site.tokens.check(accessToken);
  if (!verdict.ok) throw new Error(verdict.reason);
  const other = await site.tokens.mint(verdict.session, made);
  return { browser: site.browser(), headers: bearing(other.accessToken) };
}

/** Returns the refresh cookie of another browser of the same user. */
async function cookieOfAnother(site: TokenSite): Promise<Headers> {
  const { browser } = await signedInPage(site);
  return { cookie: `${REFRESH_COOKIE}=${browser.cookie(REFRESH_COOKIE)}` };
}

/** Returns a token with the same id and made-up secrets. */
const madeUp = (token: string | null): string =>
  String(token).replace(/(?:\.[\w-]{43})+$/, (secrets) => secrets.replace(/[\w-]/g, 'A'));

const LESS: Readonly<Record<string, (site: TokenSite) => Promise<Initiator>>> = {
  'a page’s, its cookie left out': (site) => askerOfPage(site, async () => ({ cookie: null })),
  'a page’s, with the cookie of another session': (site) => askerOfPage(site, () => cookieOfAnother(site)),
  'a page’s, with a cookie made up around the public id': (site) =>
    askerOfPage(site, async (browser) => ({ cookie: `${REFRESH_COOKIE}=${madeUp(browser.cookie(REFRESH_COOKIE))}` })),
  'a page’s, with a cookie that was used up': (site) =>
    askerOfPage(site, async (browser) => {
      const cookie = `${REFRESH_COOKIE}=${browser.cookie(REFRESH_COOKIE)}`;
      await browser.post('/sessions/refresh');
      return { cookie };
    }),
  'a page’s, with two cookies': (site) =>
    askerOfPage(site, async (browser) => ({
      cookie: `${REFRESH_COOKIE}=${browser.cookie(REFRESH_COOKIE)}; ${(await cookieOfAnother(site)).cookie}`,
    })),
  'a page’s, from another site': (site) => askerOfPage(site, async () => fetchMetadata('cross-site')),
  'a page’s, from a sister site': (site) => askerOfPage(site, async () => fetchMetadata('same-site')),
  'a page’s, from nowhere': (site) => askerOfPage(site, async () => UNKNOWN_ORIGIN),
  'of POST /token, the cookie left out': (site) => askerOfCookie(site, async () => ({ cookie: null })),
  'of POST /token, with the cookie of another session': (site) =>
    askerOfCookie(site, async () => {
      const other = site.browser();
      await other.signIn('alice');
      return { cookie: other.session };
    }),
  'of POST /token, with a cookie made up around the public id': (site) =>
    askerOfCookie(site, async (browser) => ({ cookie: `${COOKIE}=${madeUp(browser.cookie(COOKIE))}` })),
  'of POST /token, from another site': (site) => askerOfCookie(site, async () => fetchMetadata('cross-site')),
  'of another client': (site) => askerOfApp(site, { client: 'web', scope: 'orders:read profile' }),
  'of a narrower scope': (site) => askerOfApp(site, { client: 'shop', scope: 'orders:read' }),
  'of another scope': (site) => askerOfApp(site, { client: 'shop', scope: 'orders:read orders:write' }),
  'of a wider scope': (site) => askerOfApp(site, { client: 'shop', scope: 'orders:read profile orders:write' }),
  'without the scopes': (site) => askerOfApp(site, { client: 'shop' }),
  'with scopes, where none were granted': (site) => askerOfApp(site, { client: 'shop', scope: 'orders:read' }, ''),
};

/** Accepts a token together with a cookie, so that the cookie beside the token is checked. */
const BOTH = { bearer: { withCookie: 'bearer' } } as const;

export function bearerWorth(framework: Framework): void {
  describe('what it tells to have happened has: all sessions are over, its own too', () => {
    test.each(Object.entries(LESS))('%s', async (_, make) => {
      const site = await openTokenSite(framework, BOTH);
      const { browser, headers } = await make(site);
      const answer = await browser.post('/bearer/trigger?name=passwordChanged', headers);
      expect(answer).toMatchObject({ status: 200, json: { revoked: true } });
      expect(answer.text + answer.setCookies.join()).not.toMatch(SECRET);
      expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
    });
  });

  describe('RTR-6, ERR-5: a token that may do less than its session gets no secret of it: 403, and nothing is done', () => {
    test.each(Object.entries(LESS))('%s', async (_, make) => {
      const site = await openTokenSite(framework, BOTH);
      const { browser, headers } = await make(site);
      const kept = browser.session;
      const living = (await site.sessions.list({ user: 'alice' })).sessions.length;
      site.store.forget();
      for (const path of ROTATIONS) {
        const answer = await browser.post(path, headers);
        expect(answer).toMatchObject({ status: 403, setCookies: [] });
        expect(answer.headers['www-authenticate']).toBe('Bearer realm="default", error="insufficient_scope"');
        expect(answer.text).not.toMatch(SECRET);
      }
      expect(site.store.calls).not.toContain('renew');
      expect(site.store.calls).not.toContain('advance');
      // The session's own tokens and cookies are still valid.
      expect((await site.browser().get('/who', headers)).status).toBe(200);
      if (browser.cookie(REFRESH_COOKIE) !== null) expect((await browser.post('/sessions/refresh')).status).toBe(200);
      else expect(browser.session).toBe(kept);
      expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(living);
      // The token can still sign out its session.
      expect((await browser.post('/sessions/sign-out', headers)).status).toBe(204);
      expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(living - 1);
    });

    test.each(Object.entries(LESS))('%s: by the route it is a problem', async (_, make) => {
      // Each token passes the scope check with one of these options, so the rotation itself must refuse it.
      for (const routes of [{}, { scope: 'orders:read' }]) {
        const site = await openTokenSite(framework, { ...BOTH, routes });
        const { browser, headers } = await make(site);
        site.store.forget();
        const answer = await browser.post('/sessions/sign-out-others', headers);
        expectProblem(answer, 403, 'insufficient-scope');
        expect(answer.headers['www-authenticate']).toContain('Bearer realm="default", error="insufficient_scope"');
        expect(answer.setCookies).toEqual([]);
        expect(answer.text).not.toMatch(SECRET);
        expect(site.store.calls).not.toContain('advance');
      }
    });

    test('an app’s handler gets a code, before verify is called', async () => {
      const told: unknown[] = [];
      const page: Page = {
        method: 'post',
        path: '/asks',
        run: async ({ auth }) => {
          const verify = (): boolean => told.push('asked') > 0;
          await auth()
            .reauthenticate({ verify })
            .catch(({ code, status }: { code: string; status: number }) => told.push([code, status]));
        },
      };
      const site = await openTokenSite(framework, { pages: [page] });
      const { browser, access } = await signedInPage(site);
      expect((await browser.post('/asks', bearing(access, WITHOUT_COOKIE))).status).toBe(200);
      expect(told).toEqual([['SESSION_INSUFFICIENT_SCOPE', 403]]);
    });

    test('CSR-6: a page of another site that has a browser send the cookie, too, is told of', async () => {
      const site = await openTokenSite(framework, BOTH);
      const told: unknown[] = [];
      site.sessions.on('request.refused', ({ reason, action }) => told.push([reason, action]));
      for (const open of [askerOfPage, askerOfCookie]) {
        const { browser, headers } = await open(site, async () => fetchMetadata('cross-site'));
        await browser.post('/bearer/renew', headers);
      }
      expect(told).toEqual([
        ['cross-origin', 'POST /bearer'],
        ['cross-origin', 'POST /bearer'],
      ]);
    });
  });

  describe('a token that is worth its session', () => {
    test('names the same scopes, in any order', async () => {
      const site = await openTokenSite(framework);
      for (const path of ROTATIONS) {
        const { browser, headers } = await askerOfApp(site, { client: 'shop', scope: 'profile orders:read' });
        const answer = await browser.post(path, headers);
        expect((await refresh(site, tokensOf(answer).refreshToken)).json).toMatchObject({
          scope: 'orders:read profile',
        });
      }
    });

    test('comes with its cookie from an origin that is listed', async () => {
      const origin = 'https://app.example.org';
      const site = await openTokenSite(framework, { authentication: { origins: [origin] }, ...BOTH });
      for (const open of [askerOfPage, askerOfCookie]) {
        const { browser, headers } = await open(site, async () => ({ ...UNKNOWN_ORIGIN, origin }));
        expect((await browser.post('/bearer/renew', headers)).status).toBe(200);
      }
    });

    test('OPS-1: an outage while its cookie is judged is 503, and no 403', async () => {
      const site = await openTokenSite(framework, BOTH);
      const { browser, headers } = await askerOfCookie(site, async () => ({}));
      let looks = 0;
      site.store.before = (verb) => {
        if (verb === 'find' && ++looks === 2) site.store.state = 'throws';
      };
      expect(await browser.post('/bearer/renew', headers)).toMatchObject({ status: 503, setCookies: [] });
      site.store.before = () => {};
      site.store.state = 'answers';
      expect((await browser.post('/bearer/renew', headers)).status).toBe(200);
    });

    const twice: Page = {
      method: 'post',
      path: '/renew-twice',
      run: async ({ auth }) => {
        await auth().renew();
        const { accessToken, refreshToken } = await auth().renew();
        return { tokens: { accessToken, refreshToken } };
      },
    };

    test('may renew twice in one request: the second secret is in the place of the first', async () => {
      const site = await openTokenSite(framework, { ...BOTH, pages: [twice] });
      const page = await askerOfPage(site, async () => ({}));
      const ofPage = await page.browser.post(twice.path, page.headers);
      expect(ofPage.status).toBe(200);
      expect(ofPage.setCookies).toHaveLength(1);
      expect(ofPage.text).not.toMatch(SECRET);
      expect((await page.browser.post('/sessions/refresh')).status).toBe(200);

      const cookie = await askerOfCookie(site, async () => ({}));
      const ofCookie = await cookie.browser.post(twice.path, cookie.headers);
      expect(ofCookie.status).toBe(200);
      expect(ofCookie.text).not.toMatch(SECRET);
      expect((await cookie.browser.get('/who')).status).toBe(200);

      const app = await site.appTokens();
      const ofApp = await site.browser().post(twice.path, bearing(app.accessToken));
      expect((await refresh(site, tokensOf(ofApp).refreshToken)).status).toBe(200);
    });

    test.each(['cookie', 'body'] as const)('has just signed in, and keeps its secret in %s', async (where) => {
      const page: Page = {
        method: 'post',
        path: '/sign-in-and-renew',
        run: async ({ auth }) => {
          await auth().signIn({ user: 'alice', tokens: { refresh: where }, verify: () => true });
          const { accessToken, refreshToken } = await auth().renew();
          return { tokens: { accessToken, refreshToken } };
        },
      };
      const site = await openTokenSite(framework, { pages: [page] });
      const browser = site.browser();
      const answer = await browser.post(page.path);
      expect((await browser.get('/who', bearing(tokensOf(answer).accessToken, SCRIPT))).status).toBe(200);
      expect(SECRET.test(answer.text)).toBe(where === 'body');
      const refreshed =
        where === 'body'
          ? await refresh(site, tokensOf(answer).refreshToken)
          : await browser.post('/sessions/refresh', SCRIPT);
      expect(refreshed.status).toBe(200);
    });
  });

  test('LGO-1: who signs in and out in one request keeps no cookie', async () => {
    const page: Page = {
      method: 'post',
      path: '/in-and-out',
      run: async ({ auth }) => {
        await auth().signIn({ user: 'alice', tokens: { refresh: 'cookie' }, verify: () => true });
        await auth().signOut();
      },
    };
    const site = await openTokenSite(framework, { pages: [page] });
    const browser = site.browser();
    expect((await browser.post(page.path)).status).toBe(200);
    expect(browser.cookie(REFRESH_COOKIE)).toBeNull();
    expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });

  describe('where nothing can be signed', () => {
    /** Opens a site whose tokens can fail. After `fails(from)`, `mint` succeeds `from` more times and then throws. */
    async function openFailing(error: Error, pages: readonly Page[] = []) {
      let left = Number.POSITIVE_INFINITY;
      const site = await openTokenSite(framework, {
        pages: [...pages],
        around: (tokens) => ({
          ...passing(tokens),
          mint: async (...args) => {
            if (left-- <= 0) throw error;
            return tokens.mint(...args);
          },
        }),
      });
      return {
        site,
        fails: (from: number) => {
          left = from;
        },
      };
    }

    test.each([
      ['an error', new Error('the key is on a machine that is away')],
      ['a TypeError, which is no mistake of the client’s', new TypeError('of the app alone')],
    ])('a session is not renewed, and what its app has is as good as before: 500 with %s', async (_, error) => {
      const { site, fails } = await openFailing(error);
      const app = await site.appTokens();
      const { browser, access } = await signedInPage(site);
      site.store.forget();
      fails(0);
      for (const path of [...ROTATIONS, '/sessions/sign-out-others']) {
        expect(await site.browser().post(path, bearing(app.accessToken))).toMatchObject({
          status: 500,
          setCookies: [],
        });
        expect(await browser.post(path, bearing(access, SCRIPT))).toMatchObject({ status: 500, setCookies: [] });
      }
      expect(site.store.calls).not.toContain('renew');
      expect(site.store.calls).not.toContain('advance');
      fails(Number.POSITIVE_INFINITY);
      expect((await site.browser().get('/who', bearing(app.accessToken))).status).toBe(200);
      expect((await refresh(site, app.refreshToken)).status).toBe(200);
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
    });

    test('should it fail only afterwards, the browser has the next secret all the same', async () => {
      const page: Page = {
        method: 'post',
        path: '/renew-at-all-costs',
        run: async ({ auth }) => ({
          is: await auth()
            .renew()
            .catch(() => 'renewed without a token'),
        }),
      };
      const { site, fails } = await openFailing(new Error('the key is on a machine that is away'), [page]);
      const { browser, access } = await signedInPage(site);
      const before = browser.cookie(REFRESH_COOKIE);
      fails(1);
      const answer = await browser.post(page.path, bearing(access, SCRIPT));
      expect(answer.json).toEqual({ is: 'renewed without a token' });
      expect(browser.cookie(REFRESH_COOKIE)).not.toBe(before);
      fails(Number.POSITIVE_INFINITY);
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
    });
  });

  test('SES-12: an access token without its cookie signs out everywhere, and ends others by id, as before', async () => {
    const site = await openTokenSite(framework);
    const { browser, access } = await signedInPage(site);
    const other = await site.appTokens();
    const headers = bearing(access, WITHOUT_COOKIE);
    expect((await browser.delete(`/sessions/${other.id}`, headers)).status).toBe(204);
    expect((await site.browser().get('/who', bearing(other.accessToken, APP))).status).toBe(401);
    expect((await browser.post('/sessions/sign-out-everywhere', headers)).status).toBe(204);
    expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });
}
