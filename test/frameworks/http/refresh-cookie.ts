import { describe, expect, test } from 'vitest';
import { fetchMetadata, UNKNOWN_ORIGIN } from './browser.ts';
import { expectProblem, expectUncached } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE, DAY } from './site.ts';
import {
  bearing,
  FORM_BODY,
  openTokenSite,
  REFRESH_COOKIE,
  refresh,
  signedInPage,
  type TokenSite,
  tokensOf,
} from './token-site.ts';

/** The deletion of the session's cookie, which a sign-in with a refresh cookie sends. */
const NO_SESSION = expect.stringMatching(new RegExp(`^${COOKIE}=; .*Max-Age=0`));

export function refreshCookie(framework: Framework): void {
  test('CKE-1, CKE-4, CKE-12: a page’s refresh token is in a cookie of its own, and the access token in the body', async () => {
    const site = await openTokenSite(framework);
    const browser = site.browser();
    const answer = await browser.post('/token-sign-in?refresh=cookie&scope=a');
    const set = new RegExp(`^${REFRESH_COOKIE}=rt1\\.[\\w.-]+; Path=/; HttpOnly; SameSite=Strict; Secure$`);
    expect(answer.setCookies).toEqual([expect.stringMatching(set), NO_SESSION]);
    expect(answer.text).not.toContain('rt1.');
    expect(answer.headers['cache-control']).toBe('no-store');
    const who = await browser.get('/who', bearing(tokensOf(answer).accessToken));
    expect(who.json).toMatchObject({ user: 'alice', client: 'web', scope: ['a'] });
    // The cookie alone is no session.
    expect((await browser.get('/who')).status).toBe(401);
  });

  test('RTR-1, CKE-5: each refresh gives an access token in the body, and sets the next refresh token', async () => {
    const site = await openTokenSite(framework);
    const { browser } = await signedInPage(site, '&scope=a');
    const seen = new Set([browser.cookie(REFRESH_COOKIE)]);
    for (let at = 0; at < 3; at++) {
      const answer = await browser.post('/sessions/refresh');
      expect(answer.status).toBe(200);
      expectUncached(answer);
      const { access_token, ...others } = answer.json ?? {};
      expect(others).toEqual({ token_type: 'Bearer', expires_in: 300, scope: 'a' });
      expect(answer.text).not.toContain('rt1.');
      expect(answer.setCookies).toHaveLength(1);
      expect(seen.has(browser.cookie(REFRESH_COOKIE))).toBe(false);
      seen.add(browser.cookie(REFRESH_COOKIE));
      expect((await browser.get('/who', bearing(access_token))).status).toBe(200);
    }
  });

  test('CKE-7: that of another kind than browser stays as long as the session', async () => {
    const site = await openTokenSite(framework);
    const browser = site.browser();
    const answer = await browser.post('/token-sign-in?refresh=cookie&kind=remembered');
    expect(answer.setCookies).toEqual([expect.stringContaining(`; Max-Age=${(30 * DAY) / 1000}`), NO_SESSION]);
    site.clock.advance(DAY);
    const refreshed = await browser.post('/sessions/refresh');
    expect(refreshed.setCookies).toEqual([expect.stringContaining(`; Max-Age=${(29 * DAY) / 1000}`)]);
  });

  describe('CKE-12: a request that is not from our own pages is 403, and uses nothing up', () => {
    test.each([
      ['another site', fetchMetadata('cross-site')],
      ['a sister site', fetchMetadata('same-site')],
      ['nowhere', UNKNOWN_ORIGIN],
      ['another origin', { ...UNKNOWN_ORIGIN, origin: 'https://evil.example' }],
    ])('%s', async (_, from) => {
      const site = await openTokenSite(framework);
      const told: unknown[] = [];
      site.sessions.on('request.refused', ({ reason, action }) => told.push([reason, action]));
      const { browser } = await signedInPage(site);
      const cookie = browser.cookie(REFRESH_COOKIE);
      const bodies = [undefined, 'refresh_token=rt1.x'];
      for (const body of bodies) {
        const answer = await browser.post('/sessions/refresh', { ...FORM_BODY, ...from }, body);
        expectProblem(answer, 403, 'cross-origin');
        expect(answer.setCookies).toEqual([]);
      }
      expect(told).toEqual(bodies.map(() => ['cross-origin', 'POST /sessions']));
      expect(browser.cookie(REFRESH_COOKIE)).toBe(cookie);
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
    });
  });

  test('ERR-4: a body of another type beside the cookie: 400, and the token is not used up', async () => {
    const site = await openTokenSite(framework);
    const { browser } = await signedInPage(site);
    for (const type of ['text/plain', 'nonsense', null]) {
      const before = browser.cookie(REFRESH_COOKIE);
      const answer = await browser.post('/sessions/refresh', { 'content-type': type }, 'scope=orders:read');
      expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request' }, setCookies: [] });
      expect(browser.cookie(REFRESH_COOKIE)).toBe(before);
    }
    expect((await browser.post('/sessions/refresh')).status).toBe(200);
  });

  test('ERR-4: a token in the cookie and one in the body, or two cookies: 400, and neither is used up', async () => {
    const site = await openTokenSite(framework);
    const { browser } = await signedInPage(site);
    const app = await site.appTokens('bob');
    const cookie = `${REFRESH_COOKIE}=${browser.cookie(REFRESH_COOKIE)}`;
    const body = `refresh_token=${app.refreshToken}`;
    for (const answer of [
      await browser.post('/sessions/refresh', FORM_BODY, body),
      await browser.post('/sessions/refresh', { cookie: `${cookie}; ${REFRESH_COOKIE}=${app.refreshToken}` }),
    ]) {
      expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request' }, setCookies: [] });
    }
    expect((await browser.post('/sessions/refresh')).status).toBe(200);
    expect((await refresh(site, app.refreshToken)).status).toBe(200);
  });

  describe('a refusal leaves the cookie alone', () => {
    test.each([
      ['revoked', (site: TokenSite) => site.sessions.revoke({ user: 'alice' })],
      ['ended', (site: TokenSite, id: string) => site.sessions.end(id, { user: 'alice', reason: 'signed-out' })],
      ['expired', (site: TokenSite) => site.clock.advance(31 * DAY)],
      ['replaced', (site: TokenSite, id: string) => site.sessions.end(id, { user: 'alice', reason: 'replaced' })],
      ['ended for a limit', (site: TokenSite, id: string) => site.sessions.end(id, { user: 'alice', reason: 'limit' })],
    ] as const)('%s', async (_, end) => {
      const site = await openTokenSite(framework);
      const { browser, access } = await signedInPage(site);
      const { json } = await browser.get('/who', bearing(access));
      await end(site, String(json?.id));
      const answer = await browser.post('/sessions/refresh');
      expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_grant' }, setCookies: [] });
    });

    test('RTR-2: used before', async () => {
      const site = await openTokenSite(framework);
      const { browser } = await signedInPage(site);
      const cookie = `${REFRESH_COOKIE}=${browser.cookie(REFRESH_COOKIE)}`;
      await browser.post('/sessions/refresh');
      for (const one of [
        await site.browser().post('/sessions/refresh', { cookie }),
        await browser.post('/sessions/refresh'),
      ]) {
        expect(one).toMatchObject({ status: 400, json: { error: 'invalid_grant' }, setCookies: [] });
      }
    });

    test.each(['rt1.junk', 'x'.repeat(3000), 'sr1.a'])('malformed: %s', async (junk) => {
      const site = await openTokenSite(framework);
      const answer = await site.browser().post('/sessions/refresh', { cookie: `${REFRESH_COOKIE}=${junk}` });
      expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_grant' }, setCookies: [] });
      expect(site.store.calls).toEqual([]);
    });

    test('unknown', async () => {
      const site = await openTokenSite(framework);
      const { browser } = await signedInPage(await openTokenSite(framework));
      const cookie = `${REFRESH_COOKIE}=${browser.cookie(REFRESH_COOKIE)}`;
      expect((await site.browser().post('/sessions/refresh', { cookie })).setCookies).toEqual([]);
    });

    test('used by another tab a moment ago: with a grace interval it is 409, and the next try is right', async () => {
      const site = await openTokenSite(framework, { accessTokens: { grace: '10s' } });
      const { browser } = await signedInPage(site);
      const asking: Promise<unknown>[] = [];
      // Both have read the same record before either writes.
      site.store.before = (verb) => {
        if (verb !== 'renew') return;
        site.store.before = () => {};
        const late = browser.post('/sessions/refresh');
        asking.push(late);
        return late.then(() => {});
      };
      const slow = await browser.post('/sessions/refresh');
      const [fast] = await Promise.all(asking);
      expect(fast).toMatchObject({ status: 200 });
      expectProblem(slow, 409, 'refreshed-already');
      expect(slow.setCookies).toEqual([]);
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
      expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    });

    test('OPS-1: in an outage', async () => {
      const site = await openTokenSite(framework);
      const { browser } = await signedInPage(site);
      site.store.state = 'throws';
      const answer = await browser.post('/sessions/refresh');
      expectProblem(answer, 503, 'store-unavailable');
      expect(answer.setCookies).toEqual([]);
      site.store.state = 'answers';
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
    });
  });

  test('CKE-2: its name and attributes follow the session’s cookie', async () => {
    const set = async (cookie: object): Promise<string> => {
      const site = await openTokenSite(framework, { authentication: { cookie } });
      const { setCookies } = await site.browser().post('/token-sign-in?refresh=cookie');
      return (setCookies[0] ?? '').replace(/=rt1[^;]+/, '');
    };
    expect(await set({ secure: false })).toBe('default-refresh; Path=/; HttpOnly; SameSite=Strict');
    expect(await set({ name: '__Host-own', sameSite: 'none' })).toBe(
      `${REFRESH_COOKIE}; Path=/; HttpOnly; SameSite=Strict; Secure`,
    );
    expect(await set({ domain: 'example.org' })).toBe(
      '__Secure-default-refresh; Path=/; HttpOnly; SameSite=Strict; Domain=example.org; Secure',
    );
  });
}
