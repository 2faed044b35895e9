import { hashClientSecret, newClientSecret, type OAuthClient, tokenRevocation } from 'session-revocation/receivers';
import { describe, expect, test } from 'vitest';
import { SECONDS } from '../src/jwt/support/guarded.ts';
import { KeyServer, SigningKey } from '../src/jwt/support/issuer.ts';
import { ISSUER, TokenRealm } from '../src/jwt/support/tokens.ts';
import {
  AS_APP,
  assertionOf,
  basic,
  byAssertion,
  CLIENTS,
  EndpointRealm,
  HASHES,
  KEY,
  SECRETS,
  URL_OF,
} from './support/endpoints.ts';

const inBody = (client_id: string, client_secret: string) => ({ client_id, client_secret });

/** Returns the status of a revocation with these credentials, and the error code. */
async function tried(realm: EndpointRealm, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const { status, json } = await realm.revocation({ token: 'garbage', ...fields }, headers);
  return [status, json.error];
}

const OK = [200, undefined];
const REFUSED = [401, 'invalid_client'];
const SEVERAL = [400, 'invalid_request'];

describe('the secret of a client', () => {
  test('is taken from the header, or from the body', async () => {
    const realm = new EndpointRealm();
    expect(await tried(realm, {}, AS_APP)).toEqual(OK);
    expect(await tried(realm, { client_id: 'app' }, AS_APP)).toEqual(OK);
    expect(await tried(realm, inBody('app', SECRETS.app))).toEqual(OK);
  });

  test('is decoded like a field of a form, and so is the id (RFC 6749, 2.3.1)', async () => {
    const [id, secret] = ['a client: 100% +1', 'p+s %3A/ü:~ and at least 22 characters'];
    const realm = new EndpointRealm({ clients: [{ id, secretHash: hashClientSecret(secret) }] });
    const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
    expect(await tried(realm, {}, basic(encode(id), encode(secret)))).toEqual(OK);
    expect(await tried(realm, {}, basic(encodeURIComponent(id), encodeURIComponent(secret)))).toEqual(OK);
    expect(await tried(realm, {}, basic(id, secret))).toEqual(REFUSED);
    expect(await tried(realm, inBody(id, secret))).toEqual(OK);
  });

  test.each([
    ['of another client', basic('app', SECRETS.other)],
    ['of an unknown client', basic('nobody', SECRETS.app)],
    ['its hash', basic('app', HASHES.app)],
    ['empty', basic('app', '')],
    ['of a public client', basic('mobile', SECRETS.app)],
    ['of a client with keys', basic('signer', SECRETS.app)],
    ['without an id', basic('', SECRETS.app)],
    ['without a colon', { authorization: `Basic ${btoa(`app${SECRETS.app}`)}` }],
    ['with a percent sign that encodes nothing', basic('app', '%')],
    ['that is not UTF-8', { authorization: `Basic ${btoa('app:\xff')}` }],
    ['that is not base64', { authorization: 'Basic ???' }],
    ['twice', { authorization: `${AS_APP.authorization}, ${AS_APP.authorization}` }],
    ['under another scheme', { authorization: `Bearer ${SECRETS.app}` }],
  ])('is refused: %s', async (_, headers) => {
    const realm = new EndpointRealm();
    expect(await tried(realm, {}, headers as Record<string, string>)).toEqual(REFUSED);
  });

  test('is refused in the body, like in the header', async () => {
    const realm = new EndpointRealm();
    expect(await tried(realm, inBody('app', SECRETS.other))).toEqual(REFUSED);
    expect(await tried(realm, inBody('nobody', SECRETS.app))).toEqual(REFUSED);
    expect(await tried(realm, inBody('app', ''))).toEqual(REFUSED);
    expect(await tried(realm, { client_secret: SECRETS.app })).toEqual(REFUSED);
    expect(await tried(realm, { client_id: 'other' }, AS_APP)).toEqual(REFUSED);
  });

  test('is refused beside other credentials (RFC 6749, 2.3)', async () => {
    const realm = new EndpointRealm();
    expect(await tried(realm, inBody('app', SECRETS.app), AS_APP)).toEqual(SEVERAL);
    expect(await tried(realm, byAssertion(assertionOf()), AS_APP)).toEqual(SEVERAL);
    expect(await tried(realm, { ...inBody('signer', SECRETS.app), ...byAssertion(assertionOf()) })).toEqual(SEVERAL);
  });

  test('can be replaced: each of several is accepted', async () => {
    const [old, next] = [newClientSecret(), newClientSecret()];
    const realm = new EndpointRealm({ clients: [{ id: 'app', secretHash: [old.secretHash, next.secretHash] }] });
    for (const { secret } of [old, next]) expect(await tried(realm, {}, basic('app', secret))).toEqual(OK);
  });

  test('is new, of 256 bits, and only its hash is configured', () => {
    const { secret, secretHash } = newClientSecret();
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(secretHash).toBe(hashClientSecret(secret));
    expect(secretHash).toMatch(/^sha256\.[\w-]{43}$/);
    expect(newClientSecret().secret).not.toBe(secret);
    for (const weak of ['correct horse battery', '', 7 as never]) {
      expect(() => hashClientSecret(weak)).toThrow(/at least 22 characters/);
    }
    expect(() => hashClientSecret('correct horse battery')).not.toThrow(/horse/);
  });
});

describe('a signed JWT of a client', () => {
  test('proves the client for this endpoint, or for the issuer', async () => {
    const realm = new EndpointRealm();
    for (const aud of [ISSUER, URL_OF.revocation, ['x', ISSUER]]) {
      expect(await tried(realm, byAssertion(assertionOf({ aud })))).toEqual(OK);
    }
    expect(await tried(realm, { client_id: 'signer', ...byAssertion(assertionOf()) })).toEqual(OK);
    const types = [undefined, 'jwt', 'client-authentication+jwt', 'application/client-authentication+jwt'];
    for (const typ of types) expect(await tried(realm, byAssertion(assertionOf({}, { typ })))).toEqual(OK);
  });

  test('is accepted once, in any process and at either endpoint', async () => {
    const realm = new EndpointRealm();
    const elsewhere = new EndpointRealm({}, {}, { over: realm });
    const assertion = assertionOf();
    const all = await Promise.all([realm, elsewhere, realm].map((one) => tried(one, byAssertion(assertion))));
    expect(all.map(([status]) => status).sort()).toEqual([200, 401, 401]);
    const again = await elsewhere.introspection({ token: 'x', ...byAssertion(assertion) }, {});
    expect(again.status).toBe(401);
  });

  test('is not used up by a request that it does not authenticate', async () => {
    const realm = new EndpointRealm();
    const jti = 'one';
    expect(await tried(realm, byAssertion(assertionOf({ jti, aud: 'x' })))).toEqual(REFUSED);
    expect(await tried(realm, byAssertion(assertionOf({ jti })))).toEqual(OK);
  });

  test.each<[string, object, object?]>([
    ['for another audience', { aud: 'https://other.example' }],
    ['for the other endpoint', { aud: URL_OF.introspection }],
    ['without an audience', { aud: undefined }],
    ['of another issuer', { iss: 'app' }],
    ['about another subject', { sub: 'app' }],
    ['without a subject', { sub: undefined }],
    ['without a jti', { jti: undefined }],
    ['with an empty jti', { jti: '' }],
    ['with a jti that is a number', { jti: 7 }],
    ['with a huge jti', { jti: 'x'.repeat(257) }],
    ['without an expiry', { exp: undefined }],
    ['that expired', { exp: SECONDS - 5 }],
    ['that lives for too long', { exp: SECONDS + 601 }],
    ['that is not valid yet', { nbf: SECONDS + 6 }],
    ['from the future', { iat: SECONDS + 61 }],
    ['that is a security event', { events: {} }],
    ['of another algorithm', {}, { alg: 'ES512' }],
    ['that is not signed', {}, { alg: 'none' }],
    ['of the type of an access token', {}, { typ: 'at+jwt' }],
    ['of the type of a logout', {}, { typ: 'logout+jwt' }],
    ['of an unknown key', {}, { kid: 'x' }],
    ['that brings a key', {}, { jwk: KEY.jwk }],
  ])('is refused: %s', async (_, claims, header = {}) => {
    const realm = new EndpointRealm();
    expect(await tried(realm, { client_id: 'signer', ...byAssertion(assertionOf(claims, header)) })).toEqual(REFUSED);
  });

  test('is refused with another signature, type, client or form', async () => {
    const realm = new EndpointRealm();
    const forged = assertionOf({}, {}, new SigningKey(KEY.kid));
    expect(await tried(realm, byAssertion(forged))).toEqual(REFUSED);
    expect(await tried(realm, { ...byAssertion(assertionOf()), client_assertion_type: 'x' })).toEqual(REFUSED);
    expect(await tried(realm, { client_assertion: assertionOf() })).toEqual(REFUSED);
    expect(await tried(realm, { client_id: 'app', ...byAssertion(assertionOf()) })).toEqual(REFUSED);
    expect(await tried(realm, byAssertion(assertionOf({ iss: 'app', sub: 'app' })))).toEqual(REFUSED);
    expect(await tried(realm, byAssertion('garbage'))).toEqual(REFUSED);
    const { accessToken } = await realm.mint({ client: 'signer' });
    expect(await tried(realm, { client_id: 'signer', ...byAssertion(accessToken) })).toEqual(REFUSED);
  });

  test('accepts only the issuer as its audience where the endpoint has no url', async () => {
    const { tokens } = new TokenRealm();
    const revoke = tokenRevocation(tokens, { clients: CLIENTS });
    for (const [aud, status] of [
      [URL_OF.revocation, 401],
      [ISSUER, 200],
    ] as const) {
      const body = new URLSearchParams({ token: 'x', ...byAssertion(assertionOf({ aud })) });
      const asked = new Request(URL_OF.revocation, { method: 'POST', body });
      expect((await revoke(asked)).status).toBe(status);
    }
  });

  test('is verified by keys of a URL, which are fetched once, and answers 503 without them', async () => {
    const server = await KeyServer.start(KEY.jwk);
    const client = (): OAuthClient => ({ id: 'signer', jwks: `${server.url}/keys`, algorithms: ['ES256'] });
    const realm = new EndpointRealm({ clients: async () => client() });
    for (let turn = 0; turn < 3; turn++) expect(await tried(realm, byAssertion(assertionOf()))).toEqual(OK);
    expect(server.asked).toBe(1);
    server.answer = (response) => response.writeHead(500).end();
    const cold = new EndpointRealm({ clients: [client()] });
    expect(await tried(cold, byAssertion(assertionOf()))).toEqual([503, 'temporarily_unavailable']);
  });
});

describe('the option clients', () => {
  test('may be a function, also an asynchronous one, and is asked only for ids that an app may have', async () => {
    const asked: string[] = [];
    const clients = async (id: string) => {
      asked.push(id);
      return CLIENTS.find((client) => client.id === id);
    };
    const realm = new EndpointRealm({ clients });
    expect(await tried(realm, {}, AS_APP)).toEqual(OK);
    expect(await tried(realm, {}, basic('nobody', SECRETS.app))).toEqual(REFUSED);
    for (const id of ['', '\0', 'ü', 'x'.repeat(257)]) {
      expect(await tried(realm, {}, basic(encodeURIComponent(id), SECRETS.app))).toEqual(REFUSED);
    }
    expect(asked).toEqual(['app', 'nobody']);
  });

  test('takes effect at once if the function answers something else', async () => {
    let secretHash = HASHES.app;
    const realm = new EndpointRealm({ clients: (id) => ({ id, secretHash }) });
    expect(await tried(realm, {}, AS_APP)).toEqual(OK);
    secretHash = HASHES.other;
    expect(await tried(realm, {}, AS_APP)).toEqual(REFUSED);
  });

  test('lets errors of the function through, and those of what it answers', async () => {
    const broken = new Error('no database');
    const failing = new EndpointRealm({
      clients: () => {
        throw broken;
      },
    });
    await expect(failing.revocation({ token: 'x' })).rejects.toBe(broken);
    const odd = new EndpointRealm({ clients: () => ({ id: 'app', secret: 'x' }) as never });
    await expect(odd.revocation({ token: 'x' })).rejects.toThrow(/clients\(id\): .*unknown option "secret"/);
    const another = new EndpointRealm({ clients: () => ({ id: 'other', public: true }) });
    await expect(another.revocation({ token: 'x' })).rejects.toThrow(/has the id "other", not "app"/);
  });

  test.each<[string, unknown, RegExp]>([
    ['none', undefined, /clients is undefined; allowed are an array, and a function/],
    ['an object', {}, /clients is an object/],
    ['a client without a proof', [{ id: 'a' }], /clients\[0\] must have exactly one of secretHash, jwks and public/],
    ['two proofs', [{ id: 'a', public: true, secretHash: HASHES.app }], /exactly one/],
    ['a public client that is not', [{ id: 'a', public: false }], /clients\[0\]\.public is false; allowed is true/],
    ['a secret for a hash', [{ id: 'a', secretHash: SECRETS.app }], /clients\[0\]\.secretHash must be a hash/],
    ['no hash', [{ id: 'a', secretHash: [] }], /secretHash must be a hash/],
    ['a secret', [{ id: 'a', secret: 'x' }], /unknown option "secret"/],
    ['no algorithm', [{ id: 'a', jwks: { keys: [KEY.jwk] } }], /clients\[0\]\.algorithms must be/],
    ['an algorithm without keys', [{ id: 'a', public: true, algorithms: ['ES256'] }], /algorithms goes only with jwks/],
    ['private keys', [{ id: 'a', jwks: { keys: [KEY.privateJwk] }, algorithms: ['ES256'] }], /secret or private key/],
    ['an empty id', [{ id: '', public: true }], /clients\[0\]\.id is ""/],
    ['one id twice', [CLIENTS[0], CLIENTS[0]], /two clients have the id "app"/],
    ['an audience that is no name', [{ id: 'a', secretHash: HASHES.app, audience: [''] }], /clients\[0\]\.audience/],
  ])('refuses %s', (_, clients, message) => {
    const { tokens } = new TokenRealm();
    const make = () => tokenRevocation(tokens, { clients: clients as never });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
    expect(make).not.toThrow(SECRETS.app);
  });

  test('refuses other options that are wrong', () => {
    const { tokens } = new TokenRealm();
    const make = (options: object) => () => tokenRevocation(tokens, { clients: [], ...options });
    expect(make({ url: '/revoke' })).toThrow(/url is "\/revoke"; allowed is the URL of this endpoint/);
    expect(make({ accessTokens: true })).toThrow(/accessTokens is true; allowed are 'end' and 'refuse'/);
    expect(make({ client: [] })).toThrow(/unknown option "client"/);
    expect(() => tokenRevocation(undefined as never, { clients: [] })).toThrow(
      /tokens must be the result of accessTokens/,
    );
  });
});
