import { describe, expect, test } from 'vitest';
import { MINUTE } from '../src/support/realm.ts';
import {
  AS_API,
  AS_APP,
  AS_OTHER,
  answerOf,
  basic,
  EndpointRealm,
  request,
  SECRETS,
  URL_OF,
} from './support/endpoints.ts';

const GARBAGE = ['x', 'rt1.', 'a.b.c', 'sr1.'.padEnd(120, 'A'), 'A'.repeat(20_000), '\0', 'ünknown'];

describe('tokenRevocation', () => {
  test('REV-1, REV-5: ends the session of a refresh token, with its access tokens', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    const answer = await realm.revocation({ token: refreshToken });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(await realm.access(accessToken)).toBe('ended');
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ ok: false, reason: 'ended' });
  });

  test('REV-1, REV-5: ends the session of an access token, with its refresh token', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    expect((await realm.revocation({ token: accessToken })).status).toBe(200);
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ ok: false, reason: 'ended' });
  });

  test('ends a session like the button: by an actor, for a reason, in the event and in the audit log', async () => {
    const realm = new EndpointRealm({}, {}, { audit: true });
    const heard = realm.hear('session.ended');
    const { session, refreshToken } = await realm.grant();
    await realm.revocation({ token: refreshToken });
    const told = { by: 'app', reason: 'signed-out', note: 'refresh token revoked by its client' };
    expect(heard).toMatchObject([{ session: session.id, user: 'ann', ...told }]);
    const { entries } = await realm.sessions.audit({ user: 'ann', types: ['session.ended'] });
    expect(entries).toMatchObject([told]);
    const { sessions } = await realm.sessions.list({ user: 'ann' }, { ended: true });
    expect(sessions.map(({ end }) => realm.sessions.explain(end))).toEqual(['signed-out']);
  });

  test('ends the session of a refresh token that was used already, because its lineage proves the client', async () => {
    const realm = new EndpointRealm();
    const { refreshToken } = await realm.grant();
    const next = await realm.refreshed(refreshToken);
    expect((await realm.revocation({ token: refreshToken })).status).toBe(200);
    expect(await realm.tokens.refresh(next)).toMatchObject({ reason: 'ended' });
  });

  test.each([
    [
      'a token that was revoked before',
      async (realm: EndpointRealm, token: string) => {
        await realm.revocation({ token });
      },
    ],
    [
      'an expired token',
      async (realm: EndpointRealm) => {
        realm.now += 61 * 24 * 60 * MINUTE;
      },
    ],
    [
      'a token whose user was revoked',
      async (realm: EndpointRealm) => {
        await realm.sessions.revoke({ user: 'ann' });
      },
    ],
  ])('REV-2: answers 200 for %s, with an empty body', async (_, before) => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    await before(realm, refreshToken);
    for (const token of [accessToken, refreshToken]) {
      const answer = await realm.revocation({ token });
      expect([answer.status, answer.text]).toEqual([200, '']);
    }
  });

  test.each(GARBAGE)('REV-2: answers 200 for garbage (%#), and ends nothing', async (token) => {
    const realm = new EndpointRealm();
    const { accessToken } = await realm.grant();
    expect(await realm.revocation({ token })).toMatchObject({ status: 200, text: '' });
    expect(await realm.access(accessToken)).toBe('live');
  });

  test('REV-2: ignores an expired access token, and one of an earlier secret, also while the session lives', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    realm.now += 6 * MINUTE;
    expect((await realm.revocation({ token: accessToken })).status).toBe(200);
    const result = await realm.tokens.refresh(refreshToken);
    if (!result.ok) throw new Error(result.reason);
    const renewed = await realm.sessions.renew(result.session);
    expect(renewed.ok).toBe(true);
    expect((await realm.revocation({ token: result.accessToken })).status).toBe(200);
    expect(await realm.word(renewed.ok ? renewed.token : null)).toBe('malformed');
    expect(await realm.tokens.refresh(renewed.ok ? renewed.token : null)).toMatchObject({ ok: true });
  });

  test.each(['access_token', 'refresh_token', 'saml2', '', ' '])(
    'REV-3: finds a token of either type with the hint "%s"',
    async (hint) => {
      for (const type of ['accessToken', 'refreshToken'] as const) {
        const realm = new EndpointRealm();
        const minted = await realm.grant();
        const answer = await realm.revocation({ token: minted[type], token_type_hint: hint });
        expect(answer.status).toBe(200);
        expect(await realm.access(minted.accessToken)).toBe('ended');
      }
    },
  );

  test('REV-4, ERR-10: refuses the token of another client, and does not revoke it', async () => {
    const realm = new EndpointRealm();
    const minted = await realm.grant();
    for (const token of [minted.accessToken, minted.refreshToken]) {
      for (const headers of [AS_OTHER, AS_API]) {
        const answer = await realm.revocation({ token }, headers);
        expect([answer.status, answer.json.error]).toEqual([400, 'invalid_grant']);
      }
      expect(await realm.revocation({ token, client_id: 'mobile' }, {})).toMatchObject({ status: 400 });
    }
    expect(await realm.access(minted.accessToken)).toBe('live');
    await realm.refreshed(minted.refreshToken);
  });

  test('REV-4: authenticates the client before it looks at the token', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    realm.calls.length = 0;
    const wrong = [{}, basic('app', SECRETS.other), basic('nobody', SECRETS.app), { authorization: 'Bearer x' }];
    for (const headers of wrong) {
      for (const token of [accessToken, refreshToken, 'garbage']) {
        const answer = await realm.revocation({ token }, headers as Record<string, string>);
        expect([answer.status, answer.json.error]).toEqual([401, 'invalid_client']);
        expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth"');
      }
    }
    expect(realm.calls).toEqual([]);
    expect(await realm.access(accessToken)).toBe('live');
  });

  test('REV-4: lets a public client revoke its own token, by its client_id', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant({ client: 'mobile' });
    expect((await realm.revocation({ token: refreshToken, client_id: 'mobile' }, {})).status).toBe(200);
    expect(await realm.access(accessToken)).toBe('ended');
  });

  test('REV-6: another process refuses the tokens at its next call', async () => {
    const realm = new EndpointRealm();
    const elsewhere = new EndpointRealm({}, {}, { over: realm });
    const { accessToken, refreshToken } = await realm.grant();
    expect(await elsewhere.access(accessToken)).toBe('live');
    await realm.revocation({ token: refreshToken });
    expect(await elsewhere.access(accessToken)).toBe('ended');
    expect(await elsewhere.tokens.refresh(refreshToken)).toMatchObject({ reason: 'ended' });
  });

  test('REV-7: with accessTokens: refuse, answers unsupported_token_type for an access token alone', async () => {
    const realm = new EndpointRealm({ accessTokens: 'refuse' });
    const { accessToken, refreshToken } = await realm.grant();
    const answer = await realm.revocation({ token: accessToken });
    expect([answer.status, answer.json.error]).toEqual([400, 'unsupported_token_type']);
    expect(await realm.access(accessToken)).toBe('live');
    expect((await realm.revocation({ token: 'garbage' })).status).toBe(200);
    expect((await realm.revocation({ token: refreshToken })).status).toBe(200);
    expect(await realm.access(accessToken)).toBe('ended');
  });

  test('REV-7, ERR-8: answers 503 in an outage, never 200, and tells nothing of the store', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    realm.fail();
    for (const token of [accessToken, refreshToken]) {
      const answer = await realm.revocation({ token });
      expect([answer.status, answer.json.error]).toEqual([503, 'temporarily_unavailable']);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(answer.text).not.toMatch(/db-1|admin|rt1|eyJ/);
    }
    realm.around = (_, ask) => ask();
    expect((await realm.revocation({ token: accessToken })).status).toBe(200);
    expect(await realm.access(accessToken)).toBe('ended');
  });

  test('REV-7: a second call waits for the replicas that have not confirmed the end', async () => {
    const realm = new EndpointRealm();
    const { refreshToken } = await realm.grant();
    await realm.revocation({ token: refreshToken });
    realm.around = (call, ask) => {
      if (call === 'end') throw new Error('too few replicas');
      return ask();
    };
    expect((await realm.revocation({ token: refreshToken })).status).toBe(503);
  });

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'REV-8: answers 405 to %s, and ends nothing',
    async (method) => {
      const realm = new EndpointRealm();
      const { accessToken } = await realm.grant();
      const url = `${URL_OF.revocation}?token=${accessToken}&callback=run`;
      const answer = await answerOf(realm.revoke, request(url, { token: accessToken }, AS_APP, method));
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      expect(answer.text).not.toContain('run');
      expect(await realm.access(accessToken)).toBe('live');
    },
  );

  test('REV-8: sends no header of CORS', async () => {
    const realm = new EndpointRealm();
    const answer = await realm.revocation({ token: 'x' }, { ...AS_APP, origin: 'https://other.example' });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('REV-1: reads the token from the body alone', async () => {
    const realm = new EndpointRealm();
    const { accessToken } = await realm.grant();
    const url = `${URL_OF.revocation}?token=${accessToken}`;
    const headers = { ...AS_APP, cookie: `token=${accessToken}` };
    for (const fields of [{}, { token: '' }, { Token: accessToken }]) {
      const answer = await answerOf(realm.revoke, request(url, fields, headers));
      expect([answer.status, answer.json.error]).toEqual([400, 'invalid_request']);
    }
    expect(await realm.access(accessToken)).toBe('live');
  });

  test('REV-1: ignores other parameters, and refuses one that occurs twice', async () => {
    const realm = new EndpointRealm();
    const { accessToken } = await realm.grant();
    for (const twice of ['token', 'token_type_hint', 'x']) {
      const answer = await realm.revocation([
        ['token', accessToken],
        [twice, 'a'],
        [twice, 'a'],
      ]);
      expect([answer.status, answer.json.error]).toEqual([400, 'invalid_request']);
    }
    expect(await realm.access(accessToken)).toBe('live');
    expect((await realm.revocation({ token: accessToken, resource: 'x' })).status).toBe(200);
    expect(await realm.access(accessToken)).toBe('ended');
  });

  test.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain', ''])(
    'REV-1: answers 415 to a body of the type "%s"',
    async (type) => {
      const realm = new EndpointRealm();
      const answer = await realm.revocation({ token: 'x' }, { ...AS_APP, 'content-type': type });
      expect([answer.status, answer.json.error]).toEqual([415, 'invalid_request']);
    },
  );

  test('REV-1: takes the type with parameters, in any case', async () => {
    const type = 'Application/X-WWW-Form-URLEncoded; charset=UTF-8';
    const answer = await new EndpointRealm().revocation({ token: 'x' }, { ...AS_APP, 'content-type': type });
    expect(answer.status).toBe(200);
  });

  test('ERR-10, ERR-11: every body is JSON of OAuth with its type, and no cache keeps an answer', async () => {
    const realm = new EndpointRealm();
    const { accessToken } = await realm.grant();
    const answers = [
      await realm.revocation({ token: accessToken }, AS_OTHER),
      await realm.revocation({ token: accessToken }, {}),
      await realm.revocation({}),
      await realm.revocation({ token: 'x' }, { ...AS_APP, 'content-type': 'text/plain' }),
      await answerOf(realm.revoke, request(URL_OF.revocation, '', {}, 'GET')),
      await realm.revocation({ token: accessToken }),
    ];
    for (const { headers } of answers) expect(headers.get('cache-control')).toBe('no-store');
    const done = answers.pop();
    expect([done?.status, done?.headers.get('content-type')]).toEqual([200, null]);
    for (const { headers, json, status } of answers) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(headers.get('content-type')).toBe('application/json');
      expect(Object.keys(json)).toEqual(['error', 'error_description']);
    }
  });

  test('ERR-8: an answer repeats nothing of the request', async () => {
    const realm = new EndpointRealm();
    const odd = 'very-odd-text';
    const answers = [
      await realm.revocation({ token: odd }, basic(odd, odd)),
      await realm.revocation([
        [odd, odd],
        [odd, odd],
      ]),
      await realm.revocation({ client_id: odd, client_secret: odd, token: odd }, {}),
      await realm.revocation({ token: odd }, { ...AS_APP, 'content-type': odd }),
    ];
    for (const { text, status } of answers) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain(odd);
    }
  });
});
