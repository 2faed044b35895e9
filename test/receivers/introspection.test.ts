import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { tokenIntrospection } from 'session-revocation/receivers';
import { describe, expect, test } from 'vitest';
import { SECONDS } from '../src/jwt/support/guarded.ts';
import { AUDIENCE, ISSUER, keyOf } from '../src/jwt/support/tokens.ts';
import { DAY, MINUTE } from '../src/support/realm.ts';
import {
  AS_API,
  AS_APP,
  AS_OTHER,
  answerOf,
  assertionOf,
  basic,
  byAssertion,
  EndpointRealm,
  HASHES,
  request,
  SECRETS,
  URL_OF,
} from './support/endpoints.ts';

const JWT = 'application/token-introspection+jwt';
const INACTIVE = '{"active":false}';

describe('tokenIntrospection', () => {
  test('INT-4: tells the client of an access token its claims, and nothing that is only for this library', async () => {
    const realm = new EndpointRealm({}, { acr: () => 'high' });
    const { accessToken, session } = await realm.mint({ scope: 'read write' }, 'ann', {
      account: 'acme',
      amr: ['pwd'],
    });
    const { status, headers, json } = await realm.introspection({ token: accessToken });
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'application/json',
      'no-store',
    ]);
    expect(json).toEqual({
      active: true,
      ...{ iss: ISSUER, aud: AUDIENCE, sub: 'ann', client_id: 'app', sid: session.id, jti: expect.any(String) },
      ...{ iat: SECONDS, exp: SECONDS + 300, auth_time: SECONDS, amr: ['pwd'], acr: 'high' },
      ...{ scope: 'read write', account: 'acme', token_type: 'Bearer' },
    });
  });

  test('INT-4: tells the client of a refresh token when the session expires', async () => {
    const realm = new EndpointRealm({}, {}, { lifetime: { absolute: '30d', idle: '14d' } });
    const { refreshToken, session } = await realm.grant({ scope: 'read' });
    const { json } = await realm.introspection({ token: refreshToken });
    expect(json).toEqual({
      active: true,
      ...{ iss: ISSUER, sub: 'ann', client_id: 'app', sid: session.id, scope: 'read' },
      exp: SECONDS + (14 * DAY) / 1000,
    });
  });

  test('INT-4: leaves out exp for a session that never expires', async () => {
    const realm = new EndpointRealm({}, {}, { lifetime: { absolute: null, idle: null } });
    const { refreshToken } = await realm.grant();
    const { json } = await realm.introspection({ token: refreshToken });
    expect(json).not.toHaveProperty('exp');
  });

  test('INT-1: refuses an anonymous and a public client with 401, before it looks at the token', async () => {
    const realm = new EndpointRealm();
    const { accessToken } = await realm.mint({ client: 'mobile' });
    realm.calls.length = 0;
    for (const fields of [{}, { client_id: 'mobile' }, { client_id: 'app' }]) {
      const answer = await realm.introspection({ token: accessToken, ...fields }, {});
      expect([answer.status, answer.json.error]).toEqual([401, 'invalid_client']);
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth"');
    }
    expect(realm.calls).toEqual([]);
  });

  test('INT-1: lets each confidential client ask about its own tokens', async () => {
    const realm = new EndpointRealm();
    for (const [client, headers, fields] of [
      ['app', AS_APP, {}],
      ['app', {}, { client_id: 'app', client_secret: SECRETS.app }],
      ['signer', {}, byAssertion(assertionOf())],
    ] as const) {
      const { accessToken } = await realm.mint({ client });
      expect((await realm.introspection({ token: accessToken, ...fields }, headers)).json.active).toBe(true);
    }
  });

  test('INT-2: lets a resource server ask about access tokens for its audience, and not about refresh tokens', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    expect((await realm.introspection({ token: accessToken }, AS_API)).json).toMatchObject({
      active: true,
      sub: 'ann',
    });
    expect((await realm.introspection({ token: refreshToken }, AS_API)).text).toBe(INACTIVE);
  });

  test('INT-2: finds the audience of a resource server among several of a token, by default its id', async () => {
    const clients = [
      { id: 'https://b.example', secretHash: HASHES.api },
      { id: 'gateway', secretHash: HASHES.other, audience: ['https://c.example', 'https://a.example'] },
    ];
    const realm = new EndpointRealm({ clients }, { audience: ['https://a.example', 'https://b.example'] });
    const { accessToken } = await realm.mint();
    const byId = basic(encodeURIComponent('https://b.example'), SECRETS.api);
    expect((await realm.introspection({ token: accessToken }, byId)).json.active).toBe(true);
    const asGateway = basic('gateway', SECRETS.other);
    expect((await realm.introspection({ token: accessToken }, asGateway)).json.active).toBe(true);
  });

  test('INT-2: answers exactly {"active":false} for each token that the client may not know, or that is not valid', async () => {
    const realm = new EndpointRealm();
    const elsewhere = new EndpointRealm({}, { issuer: 'https://other.example', audience: 'x', keys: [keyOf('ES256')] });
    const live = await realm.grant();
    const used = await realm.grant();
    await realm.refreshed(used.refreshToken);
    const ended = await realm.grant();
    await realm.revocation({ token: ended.refreshToken });
    const opaque = await realm.signIn();
    const tokens = {
      'of another client': [live.accessToken, AS_OTHER],
      'a refresh token of another client': [live.refreshToken, AS_OTHER],
      'a used refresh token': [used.refreshToken, AS_APP],
      ended: [ended.accessToken, AS_APP],
      'a refresh token that is ended': [ended.refreshToken, AS_APP],
      'of another issuer': [(await elsewhere.mint()).accessToken, AS_APP],
      'a session token': [opaque.token, AS_APP],
      garbage: ['garbage', AS_APP],
      huge: ['A'.repeat(20_000), AS_APP],
    } as const;
    for (const [name, [token, headers]] of Object.entries(tokens)) {
      const answer = await realm.introspection({ token }, headers);
      expect([answer.status, answer.text], name).toEqual([200, INACTIVE]);
    }
    realm.now += 6 * MINUTE;
    expect((await realm.introspection({ token: live.accessToken })).text).toBe(INACTIVE);
    realm.now += 31 * DAY;
    expect((await realm.introspection({ token: live.refreshToken })).text).toBe(INACTIVE);
    expect(await realm.tokens.refresh(used.refreshToken)).not.toMatchObject({ reason: 'reused' });
  });

  test('INT-3: a revocation in another process turns the answer at once, also with freshness', async () => {
    const options = { freshness: { maxStaleness: 10_000 } };
    const realm = new EndpointRealm({}, {}, options);
    const elsewhere = new EndpointRealm({}, {}, { ...options, over: realm });
    const { accessToken, refreshToken } = await realm.grant();
    for (const token of [accessToken, refreshToken]) {
      expect((await realm.introspection({ token })).json.active).toBe(true);
    }
    await elsewhere.sessions.revoke({ user: 'ann' });
    for (const token of [accessToken, refreshToken]) expect((await realm.introspection({ token })).text).toBe(INACTIVE);
  });

  test('INT-3: answers 503 in an outage, never active', async () => {
    const realm = new EndpointRealm();
    const { accessToken } = await realm.grant();
    realm.fail();
    const answer = await realm.introspection({ token: accessToken });
    expect([answer.status, answer.json.error, answer.headers.get('retry-after')]).toEqual([
      503,
      'temporarily_unavailable',
      '5',
    ]);
  });

  test('INT-5: refuses wrong credentials, with the same answer for an unknown client', async () => {
    const realm = new EndpointRealm();
    const { accessToken } = await realm.mint();
    const wrong = await Promise.all(
      [basic('app', SECRETS.other), basic('nobody', SECRETS.app), basic('signer', SECRETS.app)].map((headers) =>
        realm.introspection({ token: accessToken }, headers),
      ),
    );
    for (const { status, text } of wrong) expect([status, text]).toEqual([401, wrong[0]!.text]);
  });

  test('ERR-11: signs the answer if the request accepts the type of RFC 9701', async () => {
    const realm = new EndpointRealm();
    const { accessToken } = await realm.mint({ scope: 'read' });
    for (const accept of [JWT, `application/json;q=0.5, ${JWT.toUpperCase()}; q=1`]) {
      const { text, headers } = await realm.introspection({ token: accessToken }, { ...AS_API, accept });
      expect(headers.get('content-type')).toBe(JWT);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(decodeProtectedHeader(text)).toEqual({ alg: 'EdDSA', kid: 'our EdDSA', typ: 'token-introspection+jwt' });
      const [jwk] = realm.tokens.jwks().keys;
      const { payload } = await compactVerify(text, await importJWK(jwk!, 'EdDSA'));
      expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({
        ...{ iss: ISSUER, aud: 'api', iat: SECONDS },
        token_introspection: expect.objectContaining({ active: true, sub: 'ann', scope: 'read' }),
      });
      // The answer is no access token.
      expect(await realm.access(text)).toBe('invalid');
      expect((await realm.introspection({ token: text })).text).toBe(INACTIVE);
    }
  });

  test('ERR-11: signs the answer about an inactive token, too, and no error', async () => {
    const realm = new EndpointRealm();
    const inactive = await realm.introspection({ token: 'garbage' }, { ...AS_API, accept: JWT });
    const [, claims = ''] = inactive.text.split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString()).token_introspection).toEqual({ active: false });
    const refused = await realm.introspection({ token: 'garbage' }, { accept: JWT });
    expect([refused.status, refused.headers.get('content-type')]).toEqual([401, 'application/json']);
  });

  test.each(['', '*/*', 'application/*', 'application/json', `${JWT};q=0`, `${JWT}; q=0.0`])(
    'ERR-11: answers plain JSON to a request that accepts "%s"',
    async (accept) => {
      const answer = await new EndpointRealm().introspection({ token: 'x' }, { ...AS_API, accept });
      expect(answer.headers.get('content-type')).toBe('application/json');
    },
  );

  test('ERR-10: answers a GET with 405, and a request without a token with 400', async () => {
    const realm = new EndpointRealm();
    expect((await answerOf(realm.introspect, request(URL_OF.introspection, '', AS_APP, 'GET'))).status).toBe(405);
    const { status, json } = await realm.introspection({});
    expect([status, json.error]).toEqual([400, 'invalid_request']);
  });

  test('changes nothing: a token stays usable, and a used one raises no alarm', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    const next = await realm.refreshed(refreshToken);
    const heard = realm.hear('session.reused', 'session.ended');
    for (const token of [refreshToken, next, accessToken]) await realm.introspection({ token });
    expect(heard).toEqual([]);
    await realm.refreshed(next);
  });

  test('counts as a use of the session if checks do', async () => {
    const realm = new EndpointRealm(
      {},
      { countsAsUse: true, lifetime: '1h' },
      { lifetime: { absolute: '1d', idle: '10m' } },
    );
    const { accessToken } = await realm.mint();
    for (let turn = 0; turn < 5; turn++) {
      realm.now += 8 * MINUTE;
      expect((await realm.introspection({ token: accessToken })).json.active).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('refuses wrong options', () => {
    const { tokens } = new EndpointRealm();
    expect(() => tokenIntrospection({} as never, { clients: [] })).toThrow(/accessTokens\(sessions, …\)/);
    expect(() => tokenIntrospection(tokens, { clients: [], accessTokens: 'end' } as never)).toThrow(/accessTokens/);
  });
});
