import { accessTokens, generateKey } from 'session-revocation/jwt';
import { describe, expect, test } from 'vitest';
import { type Answer, fetchMetadata, NAVIGATION } from './browser.ts';
import { expectProblem, expectSame } from './expectations.ts';
import type { Framework } from './framework.ts';
import { MINUTE, open } from './site.ts';
import { bearing, KEY, openTokenSite, type TokenSite, tokensOf } from './token-site.ts';

const INVALID = 'Bearer realm="default", error="invalid_token"';

/** Ways to make an access token of Alice worthless, or to get one that was never valid. */
const WORTHLESS: Readonly<Record<string, (site: TokenSite) => Promise<string>>> = {
  expired: async (site) => {
    const { accessToken } = await site.appTokens();
    site.clock.advance(5 * MINUTE);
    return accessToken;
  },
  revoked: async (site) => {
    const { accessToken } = await site.appTokens();
    await site.sessions.revoke({ user: 'alice' }, { reason: 'signed-out-everywhere' });
    return accessToken;
  },
  ended: async (site) => {
    const { accessToken, id } = await site.appTokens();
    await site.sessions.end(id, { user: 'alice', reason: 'signed-out' });
    return accessToken;
  },
  'of a secret that was renewed': async (site) => {
    const { accessToken } = await site.appTokens();
    await site.browser().post('/bearer/renew', bearing(accessToken));
    return accessToken;
  },
  'of an unknown session': async () => {
    const elsewhere = await open({ serve: async () => ({ url: '', close: async () => {} }) });
    return tokenFor(elsewhere.sessions, KEY);
  },
  'signed with another key': async (site) => tokenFor(site.sessions, generateKey('EdDSA', 'key-1')),
  'by a key that there is not': async (site) => tokenFor(site.sessions, generateKey('EdDSA', 'key-2')),
  garbage: async () => 'a.b.c',
};

async function tokenFor(sessions: TokenSite['sessions'], key: typeof KEY): Promise<string> {
  const started = await sessions.start({ user: 'alice', fence: await sessions.fence({ user: 'alice' }) });
  if (!started.ok) throw new Error(started.reason);
  const [issuer, audience] = ['https://app.example.org', 'https://api.example.org'];
  const { accessToken } = await accessTokens(sessions, { issuer, audience, keys: [key] }).mint(started.session, {
    client: 'shop',
  });
  return accessToken;
}

export function bearerRefusals(framework: Framework): void {
  test('ERR-2: every invalid token gets the same answer, to the byte, and never a redirect', async () => {
    const answers: [string, Answer][] = [];
    for (const [name, make] of Object.entries(WORTHLESS)) {
      const site = await openTokenSite(framework, { authentication: { loginUrl: '/login' } });
      const headers = bearing(await make(site));
      const answer = await site.browser().get('/who', headers);
      expectProblem(answer, 401, 'invalid-token');
      expect(answer.headers['www-authenticate'], name).toBe(INVALID);
      expect(answer.setCookies).toEqual([]);
      answers.push([name, answer]);

      expectSame(await site.browser().get('/who', { ...headers, ...NAVIGATION }), answer);
      expectSame(await site.browser().get('/recent', headers), answer);
      expectSame(await site.browser().get('/people-only', headers), answer);
      expectSame(await site.browser().get('/sessions', headers), answer);
      for (const path of ['sign-out', 'sign-out-others', 'sign-out-everywhere']) {
        expectSame(await site.browser().post(`/sessions/${path}`, headers), answer);
      }
      const thrown = await site.browser().get('/unguarded', headers);
      expect(thrown).toMatchObject({ status: 401, headers: { 'www-authenticate': INVALID } });
      expect((await site.browser().get('/public', headers)).json).toEqual({ user: null });
    }
    for (const [, answer] of answers) expectSame(answer, answers[0]![1]);
    expect(answers).toHaveLength(8);
  });

  test('ERR-3: without a credential the challenge names both schemes, and no error', async () => {
    const site = await openTokenSite(framework);
    for (const path of ['/private', '/unguarded', '/sessions', '/recent', '/orders']) {
      const answer = await site.browser().get(path);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="default", Session realm="default"');
    }
  });

  test('SES-12: every end of a session ends its access tokens: the next request is 401', async () => {
    const site = await openTokenSite(framework);
    const [one, other, everywhere] = [await site.appTokens(), await site.appTokens(), await site.appTokens()];
    await site.browser().delete(`/sessions/${one.id}`, bearing(other.accessToken));
    expect((await site.browser().get('/who', bearing(one.accessToken))).status).toBe(401);
    await site.browser().post('/sessions/sign-out', bearing(other.accessToken));
    expect((await site.browser().get('/who', bearing(other.accessToken))).status).toBe(401);
    await site.browser().post('/sessions/sign-out-everywhere', bearing(everywhere.accessToken));
    expect((await site.browser().get('/who', bearing(everywhere.accessToken))).status).toBe(401);
  });

  test.each([
    [false, 0],
    [true, 1],
  ])('SES-25: with countsAsUse %j, a request with an access token notes %i uses', async (countsAsUse, uses) => {
    const site = await openTokenSite(framework, { sessions: { touchEvery: 0 }, accessTokens: { countsAsUse } });
    const { accessToken } = await site.appTokens();
    site.clock.advance(MINUTE);
    expect((await site.browser().get('/who', bearing(accessToken))).status).toBe(200);
    await site.sessions.close();
    expect(site.store.count('touch')).toBe(uses);
  });

  describe('ERR-5: a token that is for something else is 403 insufficient_scope', () => {
    test.each([
      ['/orders', 'orders:read', 'orders:write'],
      ['/orders', 'orders:read', 'orders:readx'],
      ['/orders', 'orders:read', ''],
      ['/both', 'orders:read orders:write', 'orders:read'],
    ])('%s wants %s, and it has %j', async (path, scope, has) => {
      const site = await openTokenSite(framework, { authentication: { loginUrl: '/login' } });
      const query = has === '' ? '' : `&scope=${encodeURIComponent(has)}`;
      const { accessToken } = await site.appTokens('alice', query);
      const answer = await site.browser().get(path, bearing(accessToken, NAVIGATION));
      expectProblem(answer, 403, 'insufficient-scope');
      expect(answer.json?.scope).toBe(scope);
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer realm="default", error="insufficient_scope", scope="${scope}"`,
      );
      expect((await site.browser().get('/who', bearing(accessToken))).status).toBe(200);
    });

    test('one that names all of it passes, and so does the session of a cookie, which no scope limits', async () => {
      const site = await openTokenSite(framework);
      const { accessToken } = await site.appTokens('alice', '&scope=orders:write%20x%20orders:read');
      const browser = site.browser();
      await browser.signIn('alice');
      for (const path of ['/orders', '/both']) {
        expect((await site.browser().get(path, bearing(accessToken))).status).toBe(200);
        expect((await browser.get(path)).status).toBe(200);
      }
    });

    test('and so is one of another kind of session', async () => {
      const site = await openTokenSite(framework);
      const { accessToken } = await site.appTokens('alice', '&kind=api');
      const answer = await site.browser().get('/people-only', bearing(accessToken));
      expectProblem(answer, 403, 'insufficient-scope');
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="default", error="insufficient_scope"');
    });

    test.each(['', ' ', ' a', 'a ', 'a  b', 'a"b', 'a\\b', 'a\nb', 'a\r\nset-cookie: x=y', 'ü', 7, ['a']])(
      'ERR-4: no guard is made with the scope %j, which could break out of its quotation marks',
      async (scope) => {
        const page = { method: 'get', path: '/wrong', guard: { scope: scope as string }, run: () => null } as const;
        await expect(openTokenSite(framework, { pages: [page] })).rejects.toThrow(/scope/);
        await expect(openTokenSite(framework, { routes: { scope: scope as string } })).rejects.toThrow(/scope/);
      },
    );
  });

  test('ERR-6: an authentication that is too old is told with max_age, and no refresh makes it newer', async () => {
    const site = await openTokenSite(framework, { authentication: { loginUrl: '/login' } });
    const { refreshToken } = await site.appTokens();
    site.clock.advance(5 * MINUTE + 1);
    const refreshed = await site.tokens.refresh(refreshToken);
    if (!refreshed.ok) throw new Error(refreshed.reason);
    const headers = bearing(refreshed.accessToken, NAVIGATION);
    const answer = await site.browser().get('/recent', headers);
    expectProblem(answer, 401, 'sign-in-not-recent');
    expect(answer.json?.max_age).toBe(300);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="default", error="insufficient_user_authentication", max_age="300"',
    );
    const again = await site.browser().post('/bearer/reauthenticate', headers);
    expect((await site.browser().get('/recent', bearing(tokensOf(again).accessToken))).status).toBe(200);
  });

  test('ERR-6: of a cookie’s session it is told in the scheme of cookies alone', async () => {
    const site = await openTokenSite(framework);
    const browser = site.browser();
    await browser.signIn('alice');
    site.clock.advance(6 * MINUTE);
    expect((await browser.get('/recent')).headers['www-authenticate']).toBe(
      'Session realm="default", error="insufficient_user_authentication", max_age="300"',
    );
  });

  describe('CSR-6: no page can have a browser send a token, so a request with one may come from anywhere', () => {
    test.each([
      ['another site', fetchMetadata('cross-site')],
      ['nowhere', { 'sec-fetch-site': null }],
      ['another origin', { 'sec-fetch-site': null, origin: 'https://evil.example' }],
    ])('%s', async (_, from) => {
      const site = await openTokenSite(framework);
      const told: unknown[] = [];
      site.sessions.on('request.refused', (event) => told.push(event));
      const { accessToken } = await site.appTokens();
      expect((await site.browser().post('/who', bearing(accessToken, from))).status).toBe(200);
      expect((await site.browser().post('/sessions/sign-out', bearing(accessToken, from))).status).toBe(204);
      expect(told).toEqual([]);
      // After the sign-out, the token is refused as invalid and not for its origin.
      expectProblem(await site.browser().post('/sessions/sign-out', bearing(accessToken, from)), 401, 'invalid-token');
    });
  });

  describe.each(['throws', 'hangs', 'garbles'] as const)('store unavailable: it %s', (state) => {
    test('OPS-1: 503, never 401, wherever the request comes from', async () => {
      const site = await openTokenSite(framework, {
        sessions: { timeout: 5 },
        authentication: { loginUrl: '/login' },
      });
      const headers = bearing((await site.appTokens()).accessToken);
      site.store.state = state;
      for (const answer of [
        await site.browser().get('/who', headers),
        await site.browser().get('/orders', { ...headers, ...NAVIGATION }),
        await site.browser().get('/sessions', headers),
        await site.browser().post('/sessions/sign-out', headers),
      ]) {
        expectProblem(answer, 503, 'store-unavailable');
        expect(answer.headers['retry-after']).toBe('5');
      }
      for (const path of ['/unguarded', '/public']) expect((await site.browser().get(path, headers)).status).toBe(503);
      expect((await site.browser().post('/bearer/renew', headers)).status).toBe(503);
      site.store.state = 'answers';
      expect((await site.browser().get('/who', headers)).status).toBe(200);
    });
  });
}
