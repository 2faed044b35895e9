import { describe, expect, test } from 'vitest';
import { NAVIGATION, SCRIPT, UNKNOWN_ORIGIN } from './browser.ts';
import { expectProblem, expectUncached, rowsOf } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { COOKIE, open } from './site.ts';
import {
  APP,
  bearing,
  JSON_BODY,
  openTokenSite,
  REFRESH_COOKIE,
  refresh,
  signedInPage,
  tokensOf,
} from './token-site.ts';

/** Requests that rotate the secret of the session that sends them. */
const ROTATIONS = [
  '/bearer/sign-out-others',
  '/bearer/renew',
  '/bearer/reauthenticate',
  '/bearer/trigger?name=passwordChanged',
];

export function bearerRotation(framework: Framework): void {
  describe.each(ROTATIONS)('POST %s in the name of an access token', (path) => {
    test('of an app: its result has the next tokens, and the old ones are worth nothing', async () => {
      const site = await openTokenSite(framework);
      const before = await site.appTokens('alice', '&scope=orders:read');
      const answer = await site.browser().post(path, bearing(before.accessToken));
      expect(answer.json).toMatchObject({ tokens: { expiresIn: 300 } });
      expect(answer.setCookies).toEqual([]);
      const { accessToken, refreshToken } = tokensOf(answer);

      expect((await site.browser().get('/who', bearing(before.accessToken))).status).toBe(401);
      const who = await site.browser().get('/who', bearing(accessToken));
      expect(who.json).toEqual({ user: 'alice', id: before.id, client: 'shop', scope: ['orders:read'] });
      expect((await refresh(site, refreshToken)).json).toMatchObject({ token_type: 'Bearer', scope: 'orders:read' });
      expect((await refresh(site, before.refreshToken)).json).toMatchObject({ error: 'invalid_grant' });
    });

    test('of a browser’s session: the cookie is a new one, and the page goes on', async () => {
      const site = await openTokenSite(framework, { bearer: { withCookie: 'bearer' } });
      const browser = site.browser();
      const id = await browser.signIn('alice');
      const cookie = browser.cookie(COOKIE);
      const access = (await browser.post('/sessions/token')).json?.access_token;
      const answer = await browser.post(path, bearing(access, SCRIPT));
      const tokens = tokensOf(answer);
      expect(Object.keys(tokens).sort()).toEqual(['accessToken', 'expiresIn']);
      expect(answer.text).not.toContain('sr1.');
      expect(browser.cookie(COOKIE)).not.toBe(cookie);

      expect((await browser.get('/who')).json).toMatchObject({ id, client: null });
      expect((await browser.get('/who', bearing(tokens.accessToken, SCRIPT))).json).toMatchObject({
        id,
        client: 'web',
      });
      expect((await browser.get('/who', bearing(access, SCRIPT))).status).toBe(401);
    });

    test('CKE-3: of a page whose refresh token is in a cookie: the next one is there, and in no body', async () => {
      const site = await openTokenSite(framework);
      const { browser, access } = await signedInPage(site);
      const before = browser.cookie(REFRESH_COOKIE);
      const answer = await browser.post(path, bearing(access, SCRIPT));
      expect(Object.keys(tokensOf(answer)).sort()).toEqual(['accessToken', 'expiresIn']);
      expect(answer.text).not.toContain('rt1.');
      expect(browser.cookie(REFRESH_COOKIE)).not.toBe(before);
      expect(browser.cookie(COOKIE)).toBeNull();
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
    });
  });

  test('the cookie of another session’s refresh token is left alone', async () => {
    const site = await openTokenSite(framework);
    const { browser } = await signedInPage(site, '&user=bob');
    for (const [path, left] of [
      ['/bearer/renew', 1],
      ['/sessions/sign-out', 1],
      ['/sessions/sign-out-everywhere', 0],
    ] as const) {
      const { accessToken } = await site.appTokens('alice');
      expect((await browser.post(path, bearing(accessToken, SCRIPT))).setCookies).toEqual([]);
      expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(left);
    }
    expect((await browser.post('/sessions/refresh')).status).toBe(200);
  });

  describe('the routes', () => {
    test('POST /sign-out-others answers the next tokens in the form of RFC 6749 5.1, and ends the others', async () => {
      const site = await openTokenSite(framework);
      const [mine, other] = [await site.appTokens(), await site.appTokens()];
      const answer = await site.browser().post('/sessions/sign-out-others', bearing(mine.accessToken, NAVIGATION));
      expect(answer).toMatchObject({ status: 200, setCookies: [], json: { token_type: 'Bearer', expires_in: 300 } });
      expectUncached(answer);
      const { access_token, refresh_token } = answer.json ?? {};
      expect((await site.browser().get('/who', bearing(access_token))).json).toMatchObject({ id: mine.id });
      expect((await site.browser().get('/who', bearing(other.accessToken))).status).toBe(401);
      expect((await refresh(site, other.refreshToken)).status).toBe(400);
      expect((await refresh(site, refresh_token)).status).toBe(200);
      const again = await site.browser().post('/sessions/sign-out-others', bearing(mine.accessToken));
      expectProblem(again, 401, 'invalid-token');
    });

    test.each(['sign-out', 'sign-out-everywhere', ':id', ':id/sign-out'])(
      'LGO-1: %s by an access token ends its session, 204, and deletes the refresh token’s cookie and no other',
      async (path) => {
        const site = await openTokenSite(framework, { bearer: { withCookie: 'bearer' } });
        const { browser, access } = await signedInPage(site);
        const [id = ''] = rowsOf(await browser.get('/sessions', bearing(access, SCRIPT))).map((row) => row.id);
        const bob = site.browser();
        await bob.signIn('bob');
        const headers = { ...bearing(access, NAVIGATION), cookie: `${browser.session}; ${bob.session}` };
        const method = path === ':id' ? 'DELETE' : 'POST';
        const answer = await browser.request(method, `/sessions/${path.replace(':id', id)}`, headers);
        expect(answer).toMatchObject({ status: 204, text: '' });
        expect(answer.setCookies).toEqual([expect.stringMatching(new RegExp(`^${REFRESH_COOKIE}=; .*Max-Age=0`))]);
        expect((await browser.get('/who', bearing(access))).status).toBe(401);
        expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
        expect((await bob.get('/who')).status).toBe(200);
      },
    );

    test('the list shows which app a session was handed to, and which one asks', async () => {
      const site = await openTokenSite(framework);
      const browser = site.browser();
      const id = await browser.signIn('alice');
      const app = await site.appTokens();
      const rows = rowsOf(await site.browser().get('/sessions', bearing(app.accessToken)));
      const told = rows.map((row) => ({ id: row.id, client: row.client, current: row.current }));
      expect(told).toHaveLength(2);
      expect(told).toContainEqual({ id: app.id, client: { id: 'shop', name: 'shop' }, current: true });
      expect(told).toContainEqual({ id, client: null, current: false });
      expect(JSON.stringify(rows)).not.toContain('$client');
    });

    test('a token that names scopes was made for something else, and only gives itself back; unless a scope opens them', async () => {
      const ask = async (routes: object, scope: string): Promise<number[]> => {
        const site = await openTokenSite(framework, { routes });
        const { accessToken, id } = await site.appTokens('alice', `&scope=${encodeURIComponent(scope)}`);
        const headers = bearing(accessToken);
        const answers = [
          await site.browser().get('/sessions', headers),
          await site.browser().delete(`/sessions/${id.slice(1)}x`, headers),
        ];
        answers.push(await site.browser().post('/sessions/sign-out', headers));
        return answers.map(({ status }) => status);
      };
      expect(await ask({}, 'orders:read')).toEqual([403, 403, 204]);
      expect(await ask({ scope: 'sessions' }, 'orders:read')).toEqual([403, 403, 204]);
      expect(await ask({ scope: 'sessions' }, 'orders:read sessions')).toEqual([200, 404, 204]);
      const site = await openTokenSite(framework, { routes: { scope: 'sessions' } });
      const { accessToken } = await site.appTokens();
      const refused = await site.browser().get('/sessions', bearing(accessToken));
      expect(refused.headers['www-authenticate']).toContain('error="insufficient_scope", scope="sessions"');
    });

    test('over while it asked: 401 invalid_token, and nothing is done', async () => {
      const site = await openTokenSite(framework);
      const [mine, other] = [await site.appTokens(), await site.appTokens()];
      site.store.before = async (verb) => {
        if (verb !== 'advance') return;
        site.store.before = () => {};
        await site.sessions.end(mine.id, { user: 'alice' });
      };
      const answer = await site.browser().post('/sessions/sign-out-others', bearing(mine.accessToken));
      expectProblem(answer, 401, 'invalid-token');
      expect((await site.browser().get('/who', bearing(other.accessToken))).status).toBe(200);
    });
  });

  test('CSR-1: a plain sign-in beside an access token sets the session’s cookie, and that session ends', async () => {
    const site = await openTokenSite(framework);
    const { accessToken } = await site.appTokens();
    const browser = site.browser();
    const answer = await browser.post('/sign-in', bearing(accessToken, SCRIPT));
    expect(answer.setCookies).toEqual([expect.stringMatching(new RegExp(`^${COOKIE}=sr1`))]);
    expect((await browser.get('/who')).json).toMatchObject({ id: answer.json?.id, client: null });
    expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
  });

  test('who signs out in the same request gets no tokens of what has ended', async () => {
    const page: Page = {
      method: 'post',
      path: '/renew-and-leave',
      run: async ({ auth }) => [Object.keys(await auth().renew()), Object.keys(await auth().signOutEverywhere())],
    };
    const site = await openTokenSite(framework, { pages: [page] });
    const { accessToken } = await site.appTokens();
    const { text } = await site.browser().post('/renew-and-leave', bearing(accessToken));
    const [renewed, left] = JSON.parse(text) as string[][];
    expect(renewed).toContain('accessToken');
    expect(left).toContain('revoked');
    expect(left).not.toContain('accessToken');
  });

  test('the policy of an account is for access tokens, too', async () => {
    const site = await openTokenSite(framework, { sessions: { policy: () => ({ signOut: 'everywhere' }) } });
    const [one, other] = [await site.appTokens(), await site.appTokens()];
    await site.browser().post('/sessions/sign-out', { ...bearing(one.accessToken), ...JSON_BODY });
    expect((await refresh(site, other.refreshToken)).status).toBe(400);
  });

  test('a cookie is still refused from another site where access tokens are taken', async () => {
    const { browser: open_ } = await openTokenSite(framework);
    const browser = open_();
    await browser.signIn('alice');
    expectProblem(await browser.post('/sessions/sign-out', UNKNOWN_ORIGIN), 403, 'cross-origin');
    expectProblem(await browser.post('/who', APP), 403, 'cross-origin');
  });

  test('without the option a sign-in with tokens is misuse', async () => {
    const page = {
      method: 'post',
      path: '/wrong',
      run: ({ auth }) =>
        auth().signIn({ user: 'alice', tokens: { refresh: 'body', client: 'shop' }, verify: () => true }),
    } as const satisfies Page;
    const site = await open(framework, { pages: [page] });
    expect((await site.browser().post('/wrong')).status).toBe(500);
    expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });
}
