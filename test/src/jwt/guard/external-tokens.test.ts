import { type ExternalTokenOptions, externalTokens } from 'session-revocation/jwt';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NOW } from '../../support/realm.ts';
import { claimsOf, ISSUER, SECONDS } from '../support/guarded.ts';
import { base64url, KeyServer, SigningKey } from '../support/issuer.ts';

const ours = new SigningKey('one');
const stranger = new SigningKey('one');
const options: ExternalTokenOptions = {
  ...{ issuer: ISSUER, audience: 'api', algorithms: ['ES256'], clock: { now: () => NOW } },
  jwks: { keys: [ours.jwk] },
};
const tokensOf = (changes: Partial<ExternalTokenOptions> = {}) => externalTokens({ ...options, ...changes });

/** Returns `'passes'`, or the reason why a token is refused. */
async function word(jwt: unknown, changes: Partial<ExternalTokenOptions> = {}): Promise<string> {
  const verdict = await tokensOf(changes).verify(jwt);
  return verdict.ok ? 'passes' : verdict.reason;
}

test('a right token gives its claims', async () => {
  expect(await tokensOf().verify(ours.token(claimsOf()))).toEqual({ ok: true, claims: claimsOf() });
});

describe('a token is refused', () => {
  const now = SECONDS;
  test.each<[string, string, string]>([
    ['JWT-1: signed by another issuer', stranger.token(claimsOf()), 'invalid'],
    ['JWT-1: changed after it was signed', swapped(ours.token(claimsOf()), claimsOf({ sub: 'bob' })), 'invalid'],
    ['JWT-2: signed in no way', `${base64url({ alg: 'none', typ: 'at+jwt' })}.${base64url(claimsOf())}.AA`, 'invalid'],
    ['JWT-2: signed with the public key as a secret', ours.token(claimsOf(), { alg: 'HS256' }), 'invalid'],
    ['JWT-2: another algorithm than allowed', ours.token(claimsOf(), { alg: 'ES384' }), 'invalid'],
    ['JWT-3: that brings its key', ours.token(claimsOf(), { jwk: ours.jwk }), 'malformed'],
    ['JWT-3: that says where its key is', ours.token(claimsOf(), { jku: 'http://127.0.0.1/' }), 'malformed'],
    ['JWT-3: that says where its certificate is', ours.token(claimsOf(), { x5u: 'http://127.0.0.1/' }), 'malformed'],
    ['JWT-3: by another key', ours.token(claimsOf(), { kid: '../one' }), 'invalid'],
    ['JWT-4: that has expired', ours.token(claimsOf({ exp: now - 5 })), 'expired'],
    ['JWT-4: that never expires', ours.token(claimsOf({ exp: undefined })), 'invalid'],
    ['JWT-4: that is not valid yet', ours.token(claimsOf({ nbf: now + 6 })), 'invalid'],
    ['JWT-5: an ID token', ours.token(claimsOf(), { typ: 'JWT' }), 'invalid'],
    ['JWT-5: of no sort', ours.token(claimsOf(), { typ: undefined }), 'invalid'],
    ['JWT-5: a logout token', ours.token(claimsOf(), { typ: 'logout+jwt' }), 'invalid'],
    ['JWT-6: an event', ours.token(claimsOf({ events: {} })), 'invalid'],
    ['JWT-7: of another issuer', ours.token(claimsOf({ iss: `${ISSUER}/` })), 'invalid'],
    ['JWT-7: for another audience', ours.token(claimsOf({ aud: ['web'] })), 'invalid'],
    ['JWT-7: for no audience', ours.token(claimsOf({ aud: undefined })), 'invalid'],
    ['JWT-14: with other characters', `${ours.token(claimsOf())}\n`, 'malformed'],
  ])('%s', async (_, jwt, expected) => expect(await word(jwt)).toBe(expected));

  test('that is not a string', async () => {
    for (const jwt of [undefined, null, 7, {}, [ours.token(claimsOf())]]) expect(await word(jwt)).toBe('malformed');
  });
});

describe('a token passes', () => {
  test('JWT-4: for as long as the clocks may be apart', async () => {
    const expired = ours.token(claimsOf({ exp: SECONDS - 4 }));
    expect([await word(expired), await word(expired, { clockTolerance: 0 })]).toEqual(['passes', 'expired']);
    const ahead = ours.token(claimsOf({ nbf: SECONDS + 60 }));
    expect([await word(ahead, { clockTolerance: '59s' }), await word(ahead, { clockTolerance: '1m' })]).toEqual([
      'invalid',
      'passes',
    ]);
  });

  test.each([0, '5s', '1m'] as const)(
    'JWT-4: where it was issued a minute in the future at most, with a clockTolerance of %s',
    async (clockTolerance) => {
      const issuedAt = (iat: number | undefined) => word(ours.token(claimsOf({ iat })), { clockTolerance });
      expect(await issuedAt(SECONDS + 60)).toBe('passes');
      for (const iat of [SECONDS + 61, SECONDS + 3600, SECONDS * 1000]) expect(await issuedAt(iat)).toBe('invalid');
      // RFC 7519, 4.1.6: the claim is optional.
      expect(await issuedAt(undefined)).toBe('passes');
    },
  );

  test('JWT-5: whichever way its sort is written', async () => {
    for (const typ of ['AT+JWT', 'application/at+jwt']) {
      expect(await word(ours.token(claimsOf(), { typ }))).toBe('passes');
    }
  });

  test('JWT-5: of no sort, where that is asked for; of another sort, it does not', async () => {
    const typ = 'JWT';
    for (const sort of [undefined, 'JWT', 'jwt']) {
      expect(await word(ours.token(claimsOf(), { typ: sort }), { typ })).toBe('passes');
    }
    for (const sort of ['at+jwt', 'logout+jwt', 'secevent+jwt', 'statuslist+jwt', 'refresh+jwt']) {
      expect(await word(ours.token(claimsOf(), { typ: sort }), { typ })).toBe('invalid');
    }
  });

  test('JWT-7: for one of several, or by its client', async () => {
    expect(await word(ours.token(claimsOf({ aud: ['web', 'api'] })), { audience: ['x', 'api'] })).toBe('passes');
    const cognito = ours.token(claimsOf({ aud: undefined, client_id: 'app' }));
    const { audience: _, ...others } = options;
    const byClient = async (client: string) => (await externalTokens({ ...others, client }).verify(cognito)).ok;
    expect([await byClient('app'), await byClient('another')]).toEqual([true, false]);
    expect(await word(cognito, { client: 'app' }), 'both are asked').toBe('invalid');
  });
});

describe('options', () => {
  const without = (key: keyof ExternalTokenOptions) => ({ ...options, [key]: undefined });
  test.each<[string, object, RegExp]>([
    ['unknown', { ...options, secret: 'x' }, /"secret"/],
    ['no issuer', without('issuer'), /issuer is missing/],
    ['JWT-7: neither audience nor client', without('audience'), /audience is missing/],
    ['an empty audience', { ...options, audience: [] }, /audience/],
    ['JWT-2: no algorithms', without('algorithms'), /algorithms must be an array/],
    ['JWT-2: an empty list of them', { ...options, algorithms: [] }, /algorithms must be an array/],
    ['JWT-2: none', { ...options, algorithms: ['none'] }, /algorithms\[0\] is "none"/],
    [
      'JWT-2: a shared secret beside pairs',
      { ...options, algorithms: ['ES256', 'HS256'] },
      /algorithms\[1\] is "HS256"/,
    ],
    ['no keys', without('jwks'), /jwks must be/],
    ['an empty set of keys', { ...options, jwks: { keys: [] } }, /jwks must be/],
    ['a private key', { ...options, jwks: [ours.privateJwk] }, /public half/],
    ['a secret', { ...options, jwks: [{ kty: 'oct', k: 'x' }] }, /public half/],
    ['an issuer by http', { ...options, issuer: 'http://issuer.example' }, /issuer is .*https/],
    ['keys by http', { ...options, jwks: 'http://issuer.example/jwks' }, /jwks is .*https/],
    ['keys in a file', { ...options, jwks: new URL('file:///etc/passwd') }, /jwks is .*https/],
    ['keys behind a password', { ...options, jwks: 'https://a:b@issuer.example/jwks' }, /user name/],
    ['keys that are not a URL', { ...options, jwks: 'jwks' }, /jwks is "jwks"/],
    ['another sort', { ...options, typ: 'logout+jwt' }, /typ is "logout\+jwt"/],
    ['tolerance over a minute', { ...options, clockTolerance: '61s' }, /clockTolerance is 61000 ms/],
    ['a long wait', { ...options, timeout: '31s' }, /timeout is 31000 ms/],
    ['no wait', { ...options, timeout: 0 }, /timeout/],
    ['a clock that is none', { ...options, clock: {} }, /clock/],
  ])('%s: a TypeError that names it', (_, given, message) => {
    expect(() => externalTokens(given as ExternalTokenOptions)).toThrow(message);
    expect(() => externalTokens(given as ExternalTokenOptions)).toThrow(TypeError);
  });

  test('are not kept by reference', async () => {
    const keys = [structuredClone(ours.jwk)];
    const tokens = externalTokens({ ...options, jwks: keys });
    Object.assign(keys[0] ?? {}, stranger.jwk);
    expect((await tokens.verify(ours.token(claimsOf()))).ok).toBe(true);
    expect((await tokens.verify(stranger.token(claimsOf()))).ok).toBe(false);
  });
});

describe('keys at a URL', () => {
  // Fixes the time, so that fetched keys do not age during a test.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
  afterEach(() => void vi.useRealTimers());
  const unavailable = { code: 'SESSION_KEYS_UNAVAILABLE', status: 503 };

  test('are fetched once, by however many tokens at once', async () => {
    const server = await KeyServer.start(ours.jwk);
    const tokens = tokensOf({ jwks: `${server.url}/jwks?of=us` });
    const jwt = ours.token(claimsOf());
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => tokens.verify(jwt)));
    expect(verdicts.every(({ ok }) => ok)).toBe(true);
    await tokens.verify(jwt);
    expect(server.asked).toBe(1);
  });

  test('JWT-3: are not asked for on account of a token that cannot pass, and never where it says', async () => {
    const server = await KeyServer.start(ours.jwk);
    const elsewhere = await KeyServer.start(stranger.jwk);
    const tokens = tokensOf({ jwks: new URL(server.url) });
    const malformed = [
      ...['x', '', `${ours.token(claimsOf())}.x`, 'x'.repeat(10_000)],
      ...['jku', 'x5u'].map((name) => stranger.token(claimsOf(), { [name]: elsewhere.url })),
      ...[ours.token(claimsOf(), { alg: 'none' }), ours.token(claimsOf(), { typ: 'logout+jwt' })],
    ];
    for (const jwt of malformed) expect((await tokens.verify(jwt)).ok).toBe(false);
    expect(server.asked).toBe(0);
    expect((await tokens.verify(stranger.token(claimsOf(), { kid: elsewhere.url }))).ok).toBe(false);
    expect([server.asked, elsewhere.asked]).toEqual([1, 0]);
  });

  test('are not fetched repeatedly because of unknown names', async () => {
    const server = await KeyServer.start(ours.jwk);
    const tokens = tokensOf({ jwks: server.url });
    expect((await tokens.verify(ours.token(claimsOf()))).ok).toBe(true);
    for (let at = 0; at < 10; at++) {
      expect(await tokens.verify(stranger.token(claimsOf(), { kid: `key ${at}` }))).toMatchObject({
        reason: 'invalid',
      });
    }
    expect(server.asked).toBe(1);
    // An added key is found half a minute after the last fetch.
    const next = new SigningKey('two');
    server.keys.push(next.jwk);
    vi.setSystemTime(NOW + 29_999);
    expect((await tokens.verify(next.token(claimsOf()))).ok).toBe(false);
    vi.setSystemTime(NOW + 30_001);
    expect((await tokens.verify(next.token(claimsOf()))).ok).toBe(true);
    // A withdrawn key is refused after ten minutes.
    server.keys = [next.jwk];
    expect((await tokens.verify(ours.token(claimsOf()))).ok).toBe(true);
    vi.setSystemTime(NOW + 30_002 + 600_000);
    expect((await tokens.verify(ours.token(claimsOf()))).ok).toBe(false);
    expect(server.asked).toBe(3);
  });

  test.each<[string, (server: KeyServer, elsewhere: KeyServer) => void]>([
    ['an error', (server) => (server.answer = (response) => void response.writeHead(500).end())],
    ['no JSON', (server) => (server.answer = (response) => void response.end('<html>'))],
    ['something else', (server) => (server.answer = (response) => void response.end('{"keys":7}'))],
    ['a huge answer', (server) => (server.keys = [{ ...ours.jwk, pad: 'x'.repeat(300_000) }])],
    [
      'a way to elsewhere',
      (server, elsewhere) =>
        (server.answer = (response) => void response.writeHead(302, { location: elsewhere.url }).end()),
    ],
    ['a broken connection', (server) => (server.answer = (response) => void response.destroy())],
  ])('that give %s leave it open whether a token is genuine, until they are there', async (_, spoil) => {
    const server = await KeyServer.start(ours.jwk);
    const elsewhere = await KeyServer.start(ours.jwk);
    const { answer, keys } = server;
    const tokens = tokensOf({ jwks: server.url });
    spoil(server, elsewhere);
    await expect(tokens.verify(ours.token(claimsOf()))).rejects.toMatchObject({
      ...unavailable,
      cause: expect.any(Error),
      message: expect.stringContaining(server.url),
    });
    expect(elsewhere.asked).toBe(0);
    Object.assign(server, { answer, keys });
    expect((await tokens.verify(ours.token(claimsOf()))).ok).toBe(true);
  });

  test('that are nowhere leave it open', async () => {
    const server = await KeyServer.start(ours.jwk);
    const { url } = server;
    await server.stop();
    await expect(tokensOf({ jwks: url }).verify(ours.token(claimsOf()))).rejects.toMatchObject(unavailable);
  });

  test.each([
    ['begin', false],
    ['end', true],
  ])('that never %s are waited for no longer than asked for', async (_, begins) => {
    const server = await KeyServer.start(ours.jwk);
    server.answer = (response) => {
      if (begins) response.write('{"keys":');
    };
    const tokens = tokensOf({ jwks: server.url, timeout: 500 });
    await expect(tokens.verify(ours.token(claimsOf()))).rejects.toMatchObject(unavailable);
  });
});

function swapped(jwt: string, claims: object): string {
  const [header, , signature] = jwt.split('.');
  return `${header}.${base64url(claims)}.${signature}`;
}
