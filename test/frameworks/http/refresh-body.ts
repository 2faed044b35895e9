import { describe, expect, test } from 'vitest';
import type { Answer } from './browser.ts';
import { expectProblem, expectSame, expectUncached } from './expectations.ts';
import type { Framework } from './framework.ts';
import { DAY, MINUTE } from './site.ts';
import { APP, bearing, FORM_BODY, JSON_BODY, openTokenSite, refresh, type TokenSite } from './token-site.ts';

/** Expects an error in the form of RFC 6749 5.2. */
function expectError(answer: Answer, error: string): void {
  expect(answer).toMatchObject({ status: 400, setCookies: [] });
  expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
  expect(answer.json).toEqual({ error, error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/) });
  expectUncached(answer);
}

const ask = ({ browser }: TokenSite, body: string, headers = FORM_BODY): Promise<Answer> =>
  browser().post('/sessions/refresh', { ...APP, ...headers }, body);

/** Ways to make a refresh token of Alice worthless, or to get one that was never valid. */
const WORTHLESS: Readonly<Record<string, (site: TokenSite) => Promise<string>>> = {
  revoked: async (site) => {
    const { refreshToken } = await site.appTokens();
    await site.sessions.revoke({ user: 'alice' });
    return refreshToken;
  },
  ended: async (site) => {
    const { refreshToken, id } = await site.appTokens();
    await site.sessions.end(id, { user: 'alice' });
    return refreshToken;
  },
  expired: async (site) => {
    const { refreshToken } = await site.appTokens();
    site.clock.advance(14 * DAY);
    return refreshToken;
  },
  'used before': async (site) => {
    const { refreshToken } = await site.appTokens();
    await refresh(site, refreshToken);
    return refreshToken;
  },
  'renewed by a rotation': async (site) => {
    const { refreshToken, accessToken } = await site.appTokens();
    await site.browser().post('/bearer/renew', bearing(accessToken));
    return refreshToken;
  },
  'of another family': async (site) => {
    const { refreshToken } = await site.appTokens();
    const parts = refreshToken.split('.');
    return [...parts.slice(0, 4), 'A'.repeat(43), parts[5]].join('.');
  },
  'an access token': async (site) => (await site.appTokens()).accessToken,
  garbage: async () => 'rt1.garbage',
};

export function refreshBody(framework: Framework): void {
  test.each([
    ['a form', FORM_BODY, (token: string) => `grant_type=refresh_token&refresh_token=${token}`],
    ['a form without grant_type', FORM_BODY, (token: string) => `refresh_token=${token}&scope=`],
    ['JSON', JSON_BODY, (token: string) => JSON.stringify({ refresh_token: token, client_id: 'shop' })],
  ])('RTR-1: by %s: the next tokens, in the form of RFC 6749 5.1; the old one is used up', async (_, headers, body) => {
    for (const parsesBodies of [false, true]) {
      const site = await openTokenSite(framework, { parsesBodies });
      const { refreshToken, accessToken, id } = await site.appTokens('alice', '&scope=a%20b');
      const answer = await ask(site, body(refreshToken), headers);
      expect(answer).toMatchObject({ status: 200, setCookies: [] });
      expectUncached(answer);
      expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
      const { access_token, refresh_token, ...others } = answer.json ?? {};
      expect(others).toEqual({ token_type: 'Bearer', expires_in: 300, scope: 'a b' });
      expect(refresh_token).toMatch(/^rt1\./);
      expect(refresh_token).not.toBe(refreshToken);
      // Both tokens belong to one session, whose secret has not changed.
      for (const token of [access_token, accessToken]) {
        expect((await site.browser().get('/who', bearing(token))).json).toMatchObject({ id, client: 'shop' });
      }
      expect((await refresh(site, refresh_token)).status).toBe(200);
    }
  });

  test('it may come from anywhere, and needs neither session nor access token, be that one right or not', async () => {
    const site = await openTokenSite(framework);
    const { refreshToken, accessToken } = await site.appTokens();
    let token: unknown = refreshToken;
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, bearing('a.b.c'), bearing(accessToken)]) {
      const body = JSON.stringify({ refresh_token: token });
      const answer = await site.browser().post('/sessions/refresh', { ...APP, ...JSON_BODY, ...headers }, body);
      expect(answer.status).toBe(200);
      token = answer.json?.refresh_token;
    }
  });

  test('ERR-2, ERR-10: every invalid refresh token gets the same answer, to the byte', async () => {
    const answers: Answer[] = [];
    for (const make of Object.values(WORTHLESS)) {
      const site = await openTokenSite(framework);
      const answer = await refresh(site, await make(site));
      expectError(answer, 'invalid_grant');
      answers.push(answer);
    }
    const site = await openTokenSite(framework);
    answers.push(await refresh(site, (await site.appTokens()).refreshToken, { client_id: 'another' }));
    for (const answer of answers) expectSame(answer, answers[0]!);
    expect(answers).toHaveLength(9);
  });

  test('RTR-2: a token that was used before ends the session for both who have it, and tells of the device', async () => {
    const site = await openTokenSite(framework);
    const told: unknown[] = [];
    site.sessions.on('session.reused', (event) => told.push(event));
    const { refreshToken, id } = await site.appTokens();
    const { json } = await refresh(site, refreshToken);
    expectError(await refresh(site, refreshToken), 'invalid_grant');
    expectError(await refresh(site, json?.refresh_token), 'invalid_grant');
    expect((await site.browser().get('/who', bearing(json?.access_token))).status).toBe(401);
    expect(told).toMatchObject([
      { session: id, client: { id: 'shop' }, device: { ip: '127.0.0.1', browser: 'Chrome' } },
    ]);
  });

  test('RTR-8: garbage that names a session by its public id changes nothing', async () => {
    const site = await openTokenSite(framework);
    const { refreshToken } = await site.appTokens();
    const parts = refreshToken.split('.');
    await refresh(site, [...parts.slice(0, 4), 'A'.repeat(43), 'B'.repeat(43)].join('.'));
    await refresh(site, [...parts.slice(0, 4), 'A'.repeat(43), parts[5]].join('.'));
    expect((await refresh(site, refreshToken)).status).toBe(200);
  });

  test('within the grace interval, another request with the token is told to try again: 409, and nothing ends', async () => {
    const site = await openTokenSite(framework, { accessTokens: { grace: '10s' } });
    const { refreshToken } = await site.appTokens();
    const { json } = await refresh(site, refreshToken);
    const late = await refresh(site, refreshToken);
    expectProblem(late, 409, 'refreshed-already');
    expect(late.headers['retry-after']).toBe('1');
    expect((await refresh(site, json?.refresh_token)).status).toBe(200);
    site.clock.advance(MINUTE);
    expectError(await refresh(site, refreshToken), 'invalid_grant');
  });

  describe('RTR-6: a token is for its client and its scopes', () => {
    test('a narrower scope is for one access token; a wider one, or another client, is refused and costs nothing', async () => {
      const site = await openTokenSite(framework);
      const { refreshToken } = await site.appTokens('alice', '&scope=a%20b');
      for (const scope of ['a b c', 'c', '"', 'a  b'])
        expectError(await refresh(site, refreshToken, { scope }), 'invalid_scope');
      expectError(await refresh(site, refreshToken, { client_id: 'web' }), 'invalid_grant');
      const narrow = await refresh(site, refreshToken, { scope: 'b', client_id: 'shop' });
      expect(narrow.json).toMatchObject({ scope: 'b' });
      expect((await site.browser().get('/who', bearing(narrow.json?.access_token))).json).toMatchObject({
        scope: ['b'],
      });
      expect((await refresh(site, narrow.json?.refresh_token)).json).toMatchObject({ scope: 'a b' });
    });
  });

  describe('ERR-4: what is malformed is invalid_request, and the store is not asked', () => {
    test.each([
      ['nothing', FORM_BODY, '', 'invalid_request'],
      ['no token', FORM_BODY, 'grant_type=refresh_token', 'invalid_request'],
      ['a token that is empty', FORM_BODY, 'refresh_token=', 'invalid_request'],
      ['two tokens', FORM_BODY, 'refresh_token=rt1.a&refresh_token=rt1.b', 'invalid_request'],
      ['a number', JSON_BODY, '{"refresh_token":7}', 'invalid_request'],
      ['an object', JSON_BODY, '{"refresh_token":"rt1.x","scope":{}}', 'invalid_request'],
      ['an array', JSON_BODY, '["rt1.x"]', 'invalid_request'],
      ['two clients', FORM_BODY, 'refresh_token=rt1.a&client_id=a&client_id=b', 'invalid_request'],
      ['another grant', FORM_BODY, 'grant_type=password&refresh_token=rt1.a', 'unsupported_grant_type'],
    ])('%s', async (_, headers, body, error) => {
      const site = await openTokenSite(framework);
      expectError(await ask(site, body, headers), error);
      expect(site.store.calls).toEqual([]);
    });

    test('what is no form and no JSON is invalid_request, and what is too large a problem', async () => {
      const site = await openTokenSite(framework);
      expectError(await ask(site, '{', JSON_BODY), 'invalid_request');
      expectProblem(await ask(site, `refresh_token=${'x'.repeat(20_000)}`), 413, 'body-too-large');
      for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'nonsense', '']) {
        expectError(await ask(site, 'refresh_token=rt1.x', { 'content-type': type }), 'invalid_request');
      }
      expectError(await site.browser().post('/sessions/refresh?refresh_token=rt1.x', APP), 'invalid_request');
    });
  });

  test.each(['throws', 'hangs', 'garbles'] as const)(
    'OPS-1: where the store %s it is 503, and the token is not used up',
    async (state) => {
      const site = await openTokenSite(framework, { sessions: { timeout: 5 } });
      const { refreshToken } = await site.appTokens();
      site.store.state = state;
      for (const only of [null, ['renew']] as const) {
        site.store.only = only;
        const answer = await refresh(site, refreshToken);
        expectProblem(answer, 503, 'store-unavailable');
        expect(answer.headers['retry-after']).toBe('5');
      }
      site.store.state = 'answers';
      expect((await refresh(site, refreshToken)).status).toBe(200);
    },
  );

  test.each(['GET', 'PUT', 'DELETE'])('LGO-7: %s is 405 with Allow', async (method) => {
    const site = await openTokenSite(framework);
    for (const [path, allow] of [
      ['refresh', 'POST'],
      ['token', 'POST'],
    ]) {
      const answer = await site.browser().request(method, `/sessions/${path}`);
      expectProblem(answer, 405, 'method-not-allowed');
      expect(answer.headers.allow).toBe(allow);
    }
  });

  test('actions name the routes that there are', async () => {
    const site = await openTokenSite(framework, { routes: { actions: ['list', 'keys'] } });
    const { refreshToken } = await site.appTokens();
    expect(await refresh(site, refreshToken)).toMatchObject({ status: 404, json: null });
    expect((await site.browser().post('/sessions/token')).status).toBe(404);
    expect((await site.browser().get('/sessions/jwks.json')).status).toBe(200);
  });
}
