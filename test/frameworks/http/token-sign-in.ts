import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { type Answer, fetchMetadata, NAVIGATION, SCRIPT } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { COOKIE } from './site.ts';
import {
  APP,
  bearing,
  FORM_BODY,
  openTokenSite,
  passing,
  REFRESH_COOKIE,
  refresh,
  signedInPage,
  tokensOf,
} from './token-site.ts';

export function tokenSignIn(framework: Framework): void {
  describe('a sign-in with tokens', () => {
    test('for an app: all of them in the result, no cookie, and it may come from anywhere', async () => {
      const site = await openTokenSite(framework, { sessions: { replace: 'same-device' } });
      const answer = await site.browser().post('/token-sign-in?refresh=body&client=shop', APP);
      expect(answer).toMatchObject({ status: 200, setCookies: [] });
      expect(Object.keys(tokensOf(answer)).sort()).toEqual(['accessToken', 'expiresIn', 'refreshToken']);
      expect((await refresh(site, tokensOf(answer).refreshToken)).status).toBe(200);
      expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    });

    test('CSR-1: for a page: not from another site, and nothing begins', async () => {
      const site = await openTokenSite(framework);
      const answer = await site.browser().post('/token-sign-in?refresh=cookie', fetchMetadata('cross-site'));
      expect(answer).toMatchObject({ status: 403, setCookies: [] });
      const { accessToken } = await site.appTokens('bob');
      // An access token makes no difference, because the browser would keep the cookie.
      const borne = bearing(accessToken, fetchMetadata('cross-site'));
      for (const path of ['/token-sign-in?refresh=cookie', '/sign-in']) {
        expect(await site.browser().post(path, borne)).toMatchObject({ status: 403, setCookies: [] });
      }
      expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
    });

    test('refused by verify: no tokens, and no cookie', async () => {
      const site = await openTokenSite(framework);
      for (const how of ['cookie', 'body']) {
        const answer = await site.browser().post(`/token-sign-in?refresh=${how}&password=wrong`);
        expect(answer).toMatchObject({ json: { ok: false, reason: 'not-verified' }, setCookies: [] });
        expect(answer.json).not.toHaveProperty('tokens');
      }
    });

    test('over what the browser was signed in with: all of it ends, and the session’s cookie goes', async () => {
      const site = await openTokenSite(framework);
      const browser = site.browser();
      const before = await browser.signIn('alice');
      const first = await browser.post('/token-sign-in?refresh=cookie');
      expect(first.setCookies).toContainEqual(expect.stringMatching(new RegExp(`^${COOKIE}=; .*Max-Age=0`)));
      expect(browser.cookie(COOKIE)).toBeNull();
      const second = await browser.post('/token-sign-in?refresh=cookie');
      const rows = (await site.sessions.list({ user: 'alice' }, { ended: true })).sessions;
      const over = new Map(rows.map(({ id, end }) => [id, end?.reason === 'ended' ? end.ended.reason : null]));
      expect(over).toEqual(
        new Map([
          [before, 'replaced'],
          [String(first.json?.id), 'replaced'],
          [String(second.json?.id), null],
        ]),
      );
      expect((await browser.get('/who', bearing(tokensOf(first).accessToken))).status).toBe(401);
      expect((await browser.get('/who', bearing(tokensOf(second).accessToken))).status).toBe(200);
      expect((await browser.post('/sessions/refresh')).status).toBe(200);

      // A plain sign-in afterwards deletes the refresh token's cookie.
      await browser.signIn('alice');
      expect(browser.cookie(REFRESH_COOKIE)).toBeNull();
      expect((await browser.get('/who')).status).toBe(200);
      expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    });

    describe('on the way back from an identity provider, where a browser keeps cookies to itself', () => {
      const CALLBACKS = (['cookie', 'body', 'none'] as const).map(
        (refresh_): Page => ({
          method: 'post',
          path: `/callback-${refresh_}`,
          run: async ({ auth }) => {
            const { ok, session, accessToken } = await auth().signIn({
              user: 'alice',
              crossSite: 'state-was-checked',
              ...(refresh_ !== 'none' && { tokens: { refresh: refresh_ } }),
              verify: () => true,
            });
            return { ok, id: session?.id, tokens: { accessToken } };
          },
        }),
      );
      /** The headers of a form that another site makes the browser post. `SameSite=Lax` withholds the cookies. */
      const POSTED = { ...fetchMetadata('cross-site', 'navigate', 'document'), cookie: null };

      test('the session’s cookie goes, so that the page’s access tokens count', async () => {
        const site = await openTokenSite(framework, { pages: CALLBACKS });
        const browser = site.browser();
        await browser.signIn('bob');
        const answer = await browser.post('/callback-cookie', POSTED);
        expect(browser.cookie(COOKIE)).toBeNull();
        expect((await browser.get('/who', bearing(tokensOf(answer).accessToken, SCRIPT))).json).toMatchObject({
          user: 'alice',
        });
        expect((await browser.post('/sessions/refresh')).status).toBe(200);
      });

      test('the refresh token’s cookie goes where the session’s comes, so that no script refreshes what was before', async () => {
        const site = await openTokenSite(framework, { pages: CALLBACKS });
        const { browser } = await signedInPage(site, '&user=bob');
        await browser.post('/callback-none', POSTED);
        expect(browser.cookie(REFRESH_COOKIE)).toBeNull();
        expect((await browser.get('/who')).json).toMatchObject({ user: 'alice' });
        expect((await browser.post('/sessions/refresh')).json).toMatchObject({ error: 'invalid_request' });
      });

      test('an app that keeps its tokens itself has nothing to do with the browser’s cookies', async () => {
        const site = await openTokenSite(framework, { pages: CALLBACKS });
        const answer = await site.browser().post('/callback-body', POSTED);
        expect(answer).toMatchObject({ status: 200, setCookies: [] });
      });
    });

    test.each([
      ['the refresh token of before', 'renew', 1],
      ['the session of before', 'end', 0],
    ] as const)('OPS-1: an outage that is about %s alone fails no sign-in', async (_, verb, spared) => {
      const site = await openTokenSite(framework);
      const { browser, access } = await signedInPage(site);
      let calls = 0;
      site.store.only = [verb, 'find'];
      site.store.before = (asked) => {
        if (asked === verb && ++calls > spared) site.store.state = 'throws';
      };
      const answer = await browser.post('/token-sign-in?refresh=cookie');
      expect(answer).toMatchObject({ status: 200, json: { ok: true } });
      expect(site.store.state).toBe('throws');
      site.store.before = () => {};
      site.store.state = 'answers';
      expect((await browser.get('/who', bearing(tokensOf(answer).accessToken, SCRIPT))).status).toBe(200);
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
      // The former session was not ended. Its user sees it in the list.
      expect((await site.browser().get('/who', bearing(access, APP))).status).toBe(200);
      expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(2);
    });

    test('by an app that bears an access token: the session before ends', async () => {
      const site = await openTokenSite(framework);
      const before = await site.appTokens();
      const answer = await site.browser().post('/token-sign-in?refresh=body&client=shop', bearing(before.accessToken));
      const rows = (await site.sessions.list({ user: 'alice' })).sessions;
      expect(rows.map(({ id }) => id)).toEqual([answer.json?.id]);
    });

    test('whose tokens cannot be issued: the session ends at once, because no client could end it', async () => {
      const site = await openTokenSite(framework, {
        around: (tokens) => ({
          ...passing(tokens),
          mint: () => Promise.reject(new Error('the key is on a machine that is away')),
        }),
      });
      for (const how of ['cookie', 'body']) {
        const answer = await site.browser().post(`/token-sign-in?refresh=${how}`);
        expect(answer).toMatchObject({ status: 500, setCookies: [] });
      }
      expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
      expect((await site.sessions.list({ user: 'alice' }, { ended: true })).sessions).toHaveLength(2);
    });

    test.each([
      ['another way to keep the token', '?refresh=header', {}],
      ['no way', '', {}],
      ['no client', '?refresh=body', { client: undefined }],
      ['a scope that is none', '?refresh=body&scope=%22', {}],
    ])('with %s is misuse: 500, and nothing begins', async (_, query, bearer) => {
      const site = await openTokenSite(framework, { bearer });
      expect(await site.browser().post(`/token-sign-in${query}`)).toMatchObject({ status: 500, setCookies: [] });
      expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
    });
  });

  describe('POST /token', () => {
    test('gives the page of a browser that is signed in an access token; the cookie stays as it is', async () => {
      const site = await openTokenSite(framework);
      const browser = site.browser();
      const id = await browser.signIn('alice');
      const answer = await browser.post('/sessions/token', FORM_BODY, 'scope=orders:read');
      expect(answer).toMatchObject({ status: 200, setCookies: [] });
      expect(answer.headers['cache-control']).toBe('no-store');
      const { access_token, ...others } = answer.json ?? {};
      expect(others).toEqual({ token_type: 'Bearer', expires_in: 300, scope: 'orders:read' });
      const who = await site.browser().get('/who', bearing(access_token));
      expect(who.json).toEqual({ user: 'alice', id, client: 'web', scope: ['orders:read'] });
      expect((await browser.get('/who')).status).toBe(200);
      await browser.post('/sign-out');
      expect((await site.browser().get('/who', bearing(access_token))).status).toBe(401);
    });

    test('CSR-1: not from another site', async () => {
      const site = await openTokenSite(framework);
      const browser = site.browser();
      await browser.signIn('alice');
      for (const from of [fetchMetadata('cross-site'), fetchMetadata('same-site'), APP]) {
        expectProblem(await browser.post('/sessions/token', from), 403, 'cross-origin');
      }
    });

    test('not without a session, not with a scope that is none, and not by an access token, which would never expire', async () => {
      const site = await openTokenSite(framework);
      const browser = site.browser();
      expectProblem(await browser.post('/sessions/token'), 401, 'session-required');
      await browser.signIn('alice');
      const malformed = await browser.post('/sessions/token', FORM_BODY, 'scope=%22');
      expect(malformed).toMatchObject({ status: 400, json: { error: 'invalid_scope' } });
      const { access } = await signedInPage(site);
      for (const headers of [APP, NAVIGATION]) {
        expectProblem(
          await site.browser().post('/sessions/token', bearing(access, headers)),
          403,
          'insufficient-scope',
        );
      }
    });

    test.each(['text/plain', 'nonsense', null])(
      'not for a body of the type %s, whose scope would be ignored: 400 invalid_request',
      async (type) => {
        const site = await openTokenSite(framework);
        const browser = site.browser();
        await browser.signIn('alice');
        const answer = await browser.post('/sessions/token', { 'content-type': type }, 'scope=orders:read');
        expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
      },
    );

    test('an invalid request is 400, and any error of the app is 500', async () => {
      const minted: unknown[] = [];
      let mint: 'mints' | 'throws' = 'mints';
      const site = await openTokenSite(framework, {
        around: (tokens) => ({
          ...passing(tokens),
          mint: async (session, request) => {
            minted.push(request.scope);
            if (mint === 'throws') throw new TypeError('of the app alone');
            return tokens.mint(session, request);
          },
        }),
      });
      const browser = site.browser();
      await browser.signIn('alice');
      const ask = (scope: string): Promise<Answer> =>
        browser.post('/sessions/token', FORM_BODY, `scope=${encodeURIComponent(scope)}`);
      for (const scope of ['"', 'a  b', ' a', 'a\\b', 'a'.repeat(1025)]) {
        expect(await ask(scope)).toMatchObject({ status: 400, json: { error: 'invalid_scope' } });
      }
      expect(minted).toEqual([]);
      const longest = 'a'.repeat(1024);
      expect(await ask(longest)).toMatchObject({ status: 200, json: { scope: longest } });
      mint = 'throws';
      expect((await ask('orders:read')).status).toBe(500);
      expect(minted).toEqual([longest, 'orders:read']);
    });

    test('is not there without a client', async () => {
      const site = await openTokenSite(framework, { bearer: { client: undefined } });
      const browser = site.browser();
      await browser.signIn('alice');
      expect((await browser.post('/sessions/token')).status).toBe(404);
    });
  });

  test('GET /jwks.json: the public keys that check a token’s signature, for all clients and for caches', async () => {
    const site = await openTokenSite(framework);
    const answer = await site.browser().get('/sessions/jwks.json', APP);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/jwk-set\+json\b/);
    expect(answer.headers['cache-control']).toBe('public, max-age=300');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.setCookies).toEqual([]);
    expect(site.store.calls).toEqual([]);
    const jwks = JSON.parse(answer.text) as { keys: Record<string, unknown>[] };
    expect(jwks.keys).toMatchObject([{ kid: 'key-1', use: 'sig' }]);
    for (const key of jwks.keys) expect(Object.keys(key)).not.toContain('d');

    const { accessToken } = await site.appTokens();
    const verified = await jwtVerify(accessToken, createLocalJWKSet(jwks as never), {
      issuer: 'https://app.example.org',
      audience: 'https://api.example.org',
      typ: 'at+jwt',
      currentDate: new Date(site.clock.now()),
    });
    expect(verified.payload).toMatchObject({ sub: 'alice', client_id: 'shop' });
    const head = await site.browser().request('HEAD', '/sessions/jwks.json', APP);
    expect(head).toMatchObject({ status: 200, text: '' });
  });
}
