import { describe, expect, test } from 'vitest';
import { type Headers, NAVIGATION, SCRIPT, sendRaw } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE } from './site.ts';
import { APP, bearing, FORM_BODY, JSON_BODY, openTokenSite, passing, type TokenSiteOptions } from './token-site.ts';

const INVALID = 'Bearer realm="default", error="invalid_token"';
const AMBIGUOUS = 'Bearer realm="default", error="invalid_request"';
const CHALLENGE = 'Bearer realm="default", Session realm="default"';

export function bearerInput(framework: Framework): void {
  test('an access token is the session that it is of, and says for whom and what it is', async () => {
    const site = await openTokenSite(framework);
    const { accessToken, id } = await site.appTokens('alice', '&scope=orders:read%20profile');
    const answer = await site.browser().get('/who', bearing(accessToken));
    expect(answer.json).toEqual({ user: 'alice', id, client: 'shop', scope: ['orders:read', 'profile'] });
    expect(answer.setCookies).toEqual([]);

    const unnamed = await site.appTokens('bob');
    expect((await site.browser().get('/who', bearing(unnamed.accessToken))).json).toMatchObject({ scope: [] });
    const browser = site.browser();
    await browser.signIn('alice');
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', client: null, scope: null });
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('ERR-4: accepts the scheme %s in any case', async (scheme) => {
    const site = await openTokenSite(framework);
    const { accessToken } = await site.appTokens();
    for (const authorization of [`${scheme} ${accessToken}`, `${scheme}    ${accessToken}`]) {
      expect((await site.browser().get('/who', { ...APP, authorization })).status).toBe(200);
    }
  });

  describe('SES-22: a token is read from the header Authorization and nowhere else', () => {
    test.each(['query', 'form', 'JSON', 'cookie', 'X-Access-Token', 'Proxy-Authorization'])(
      'not from %s',
      async (place) => {
        const site = await openTokenSite(framework);
        const { accessToken } = await site.appTokens();
        const other = site.browser();
        site.store.forget();
        const asked = {
          query: () => other.get(`/who?access_token=${accessToken}&token=${accessToken}`, APP),
          form: () => other.post('/who', { ...APP, ...FORM_BODY }, `access_token=${accessToken}`),
          JSON: () => other.post('/who', { ...APP, ...JSON_BODY }, JSON.stringify({ access_token: accessToken })),
          cookie: () => other.get('/who', { ...APP, cookie: `${COOKIE}=${accessToken}; access_token=${accessToken}` }),
          'X-Access-Token': () => other.get('/who', { ...APP, 'x-access-token': accessToken }),
          'Proxy-Authorization': () => other.get('/who', { ...APP, 'proxy-authorization': `Bearer ${accessToken}` }),
        }[place];
        expect(await asked?.()).toMatchObject({ status: 401, headers: { 'www-authenticate': CHALLENGE } });
        expect(site.store.calls).toEqual([]);
      },
    );

    test('nor is any other token taken there: not that of a cookie, and no refresh token', async () => {
      const site = await openTokenSite(framework);
      const browser = site.browser();
      await browser.signIn('alice');
      const { refreshToken } = await site.appTokens();
      site.store.forget();
      for (const token of [browser.cookie(COOKIE), refreshToken]) {
        const answer = await site.browser().get('/who', bearing(token));
        expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': INVALID } });
      }
      expect(site.store.calls).toEqual([]);
    });
  });

  describe('malformed: 401 invalid_token, and the store is not asked', () => {
    const AUTHORIZATIONS = [
      'Bearer',
      'Bearer x',
      'Bearer a.b.c',
      'Bearer "a.b.c"',
      'Bearer a b',
      'Bearer a=b',
      'Bearer é',
      'Bearer a.b.c\u00a0',
      'Bearer \u00a0a.b.c',
    ];
    test.each([...AUTHORIZATIONS, `Bearer ${'x'.repeat(9000)}`])('%s', async (authorization) => {
      const checked: unknown[] = [];
      const site = await openTokenSite(framework, {
        authentication: { loginUrl: '/login' },
        around: (tokens) => ({
          ...passing(tokens),
          check: (token, client) => {
            checked.push(token);
            return tokens.check(token, client);
          },
        }),
      });
      for (const headers of [APP, SCRIPT, NAVIGATION] as Headers[]) {
        const answer = await site.browser().get('/who', { ...headers, authorization });
        expectProblem(answer, 401, 'invalid-token');
        expect(answer.headers['www-authenticate']).toBe(INVALID);
      }
      expect(site.store.calls).toEqual([]);
      // A value that is not a b64token is not checked at all.
      expect(checked).toHaveLength(/^Bearer [\w.-]+$/.test(authorization) ? 3 : 0);
    });
  });

  describe('another scheme is ignored', () => {
    test.each(['Basic YTpi', 'Digest username="a", realm="b"', 'Bearerish x', 'DPoP a.b.c', ''])(
      '%j',
      async (authorization) => {
        const browser = (await openTokenSite(framework)).browser();
        expect((await browser.get('/who', { authorization })).headers['www-authenticate']).toBe(CHALLENGE);
        await browser.signIn('alice');
        expect((await browser.get('/who', { authorization })).json).toMatchObject({ user: 'alice', client: null });
      },
    );
  });

  describe('ERR-4, CKE-14: several credentials are 400 invalid_request', () => {
    test('in one header, with a comma between', async () => {
      const site = await openTokenSite(framework);
      const { accessToken } = await site.appTokens();
      site.store.forget();
      for (const authorization of [
        `Bearer ${accessToken}, Bearer ${accessToken}`,
        `Bearer ${accessToken},${accessToken}`,
        `Basic YTpi, Bearer ${accessToken}`,
        `bearer ${accessToken},bearer x`,
      ]) {
        const answer = await site.browser().get('/who', { ...APP, authorization });
        expectProblem(answer, 400, 'bad-request');
        expect(answer.headers['www-authenticate']).toBe(AMBIGUOUS);
        expect(answer.json?.detail).toMatch(/several credentials/);
      }
      expect(site.store.calls).toEqual([]);
    });

    test.each([
      ['bearer', 'bearer'],
      ['Basic', 'BEARER'],
      ['Bearer', 'Basic'],
    ])('in two lines: %s, %s', async (...schemes) => {
      const site = await openTokenSite(framework);
      const { accessToken } = await site.appTokens();
      site.store.forget();
      const headers = schemes.map((scheme) => `Authorization: ${scheme} ${accessToken}`);
      const lines = ['GET /who HTTP/1.1', 'Host: x', ...headers, 'Connection: close'];
      const answer = await sendRaw(site.url, `${lines.join('\r\n')}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer.toLowerCase()).toContain(`www-authenticate: ${AMBIGUOUS.toLowerCase()}`);
      expect(site.store.calls).toEqual([]);
    });

    test('an access token and the session’s cookie, be they of one session: unless the token is to count', async () => {
      for (const withCookie of ['refuse', 'bearer'] as const) {
        const site = await openTokenSite(framework, { bearer: { withCookie }, authentication: { loginUrl: '/login' } });
        const browser = site.browser();
        const { accessToken } = await site.appTokens('bob');
        await browser.signIn('alice');
        const own = String((await browser.post('/sessions/token')).json?.access_token);
        for (const token of [accessToken, own]) {
          for (const headers of [SCRIPT, NAVIGATION]) {
            const answer = await browser.get('/who', bearing(token, headers));
            if (withCookie === 'bearer') expect(answer.json?.user).toBe(token === own ? 'alice' : 'bob');
            else expectProblem(answer, 400, 'bad-request');
            expect(answer.setCookies).toEqual([]);
          }
        }
        const unguarded = await browser.get('/unguarded', bearing(accessToken));
        const public_ = await browser.get('/public', bearing(accessToken));
        if (withCookie === 'bearer') expect([unguarded.json?.user, public_.json?.user]).toEqual(['bob', 'bob']);
        else {
          expect(unguarded).toMatchObject({ status: 400, headers: { 'www-authenticate': AMBIGUOUS } });
          expect(public_.json).toEqual({ user: null });
        }
        // The session of the cookie stays valid.
        expect((await browser.get('/who')).json?.user).toBe('alice');
      }
    });

    test('a cookie that is empty, and that of a refresh token, are none', async () => {
      const site = await openTokenSite(framework);
      const { accessToken } = await site.appTokens();
      for (const cookie of [`${COOKIE}=`, '__Host-default-refresh=rt1.x', `x${COOKIE}=sr1`]) {
        expect((await site.browser().get('/who', { ...bearing(accessToken), cookie })).status).toBe(200);
      }
    });
  });

  test('without the option the header is not read', async () => {
    const site = await openTokenSite(framework);
    const { accessToken } = await site.appTokens();
    const none = await openTokenSite(framework, { authentication: { bearer: undefined } });
    const answer = await none.browser().get('/private', bearing(accessToken));
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Session realm="default"' } });
    for (const path of ['refresh', 'token']) expect((await none.browser().post(`/sessions/${path}`)).status).toBe(404);
    expect((await none.browser().get('/sessions/jwks.json')).status).toBe(404);
  });

  describe('refuses to be made', () => {
    test.each<[NonNullable<TokenSiteOptions['bearer']>, RegExp]>([
      [{ withCookie: 'cookie' as 'refuse' }, /withCookie/],
      [{ client: '' }, /bearer\.client/],
      [{ client: 7 as never }, /bearer\.client/],
      [{ tokens: null } as never, /accessTokens/],
      [{ tokens: {} } as never, /accessTokens/],
      [{ clients: 'web' } as never, /"clients"/],
    ])('with %j', async (bearer, message) => {
      await expect(openTokenSite(framework, { bearer })).rejects.toThrow(message);
    });

    test.each([null, 7, 'yes', {}])('with bearer: %j', async (bearer) => {
      await expect(openTokenSite(framework, { authentication: { bearer: bearer as never } })).rejects.toThrow(
        TypeError,
      );
    });
  });
}
