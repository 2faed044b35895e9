import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  webcrypto,
} from 'node:crypto';
import { createSessions } from 'session-revocation';
import {
  type AccessTokenOptions,
  accessTokens,
  generateKey,
  type KeyInput,
  type TokenKey,
} from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { includes } from '../../../ci-only.ts';
import { ALGORITHMS, headerOf, keyOf, optionsOf, publicPart, TokenRealm } from '../support/tokens.ts';

const make = (changes: object) => () =>
  accessTokens(createSessions({ store: memoryStore() }), { ...optionsOf(), ...changes } as AccessTokenOptions);

const refuses = (changes: object, message: string | RegExp): void => {
  expect(make(changes)).toThrow(TypeError);
  expect(make(changes)).toThrow(message);
};

const pair = (alg: 'EdDSA' | 'ES256' | 'RS256' | 'PS256' = 'EdDSA') => {
  const key = keyOf(alg);
  if (key.alg === 'HS256') throw new Error('a pair was asked for');
  const { privateKey, publicKey } = key;
  return {
    jwk: { privateKey, publicKey },
    objects: {
      privateKey: createPrivateKey({ key: { ...privateKey }, format: 'jwk' }),
      publicKey: createPublicKey({ key: { ...publicKey }, format: 'jwk' }),
    },
  };
};

const pem = ({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }) => ({
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
});

describe('accessTokens refuses at once, and names', () => {
  test.each<[string, object, string | RegExp]>([
    ['an unknown option', { audiences: ['x'] }, 'unknown option "audiences"'],
    ['a missing issuer', { issuer: undefined }, 'issuer is missing'],
    ['an issuer that is not a URL', { issuer: 'us' }, 'issuer is "us", which is not a URL'],
    ['an http issuer', { issuer: 'http://id.example' }, 'allowed is https, and http on loopback'],
    ['one that looks like loopback', { issuer: 'http://localhost.example' }, 'allowed is https'],
    ['one with an address in its name', { issuer: 'http://127.0.0.1.example' }, 'allowed is https'],
    ['another scheme', { issuer: 'javascript:alert(1)' }, 'allowed is https'],
    ['an issuer with a query', { issuer: 'https://id.example/?a=1' }, 'neither a query, a fragment'],
    ['an issuer with an empty query', { issuer: 'https://id.example/?' }, 'neither a query, a fragment'],
    ['an issuer with a fragment', { issuer: 'https://id.example/#a' }, 'neither a query, a fragment'],
    ['an issuer with a user name', { issuer: 'https://ann@id.example/' }, 'nor a user name'],
    ['a missing audience', { audience: undefined }, 'audience is missing'],
    ['an empty audience', { audience: '' }, 'audience must not be empty'],
    ['no audience', { audience: [] }, 'audience must be a name, or 1 to 16'],
    ['an audience of a wrong type', { audience: ['x', 1] }, 'audience[1] must be a string'],
    ['a lifetime over an hour', { lifetime: '61m' }, 'lifetime is 3660000 ms; allowed are 1000 to 3600000 ms'],
    ['a lifetime of nothing', { lifetime: 0 }, 'lifetime is 0 ms'],
    ['a tolerance over a minute', { clockTolerance: '2m' }, 'clockTolerance is 120000 ms; allowed are 0 to 60000 ms'],
    ['a grace over a minute', { grace: '2m' }, 'grace is 120000 ms; allowed are 0 to 60000 ms'],
    ['a negative grace', { grace: -1 }, 'grace is -1'],
    ['an acr that is no function', { acr: 'aal2' }, 'acr must be a function'],
    ['a memory without an end', { verified: Infinity }, 'verified is Infinity'],
    ['a memory of a wrong type', { verified: true }, 'verified is true'],
    ['a switch of a wrong type', { countsAsUse: 'no' }, 'countsAsUse must be a boolean'],
    ['no keys', { keys: [] }, 'keys is empty'],
    ['keys that are no array', { keys: keyOf('EdDSA') }, 'keys must be an array'],
  ])('%s', (_, changes, message) => refuses(changes, message));

  test.each([
    'http://localhost:3000',
    'http://127.0.0.1:3000',
    'http://127.9.9.9',
    'http://[::1]:1/x',
    'https://a.b/c',
  ])('takes the issuer %s', (issuer) => {
    expect(make({ issuer })).not.toThrow();
  });
});

describe('a key is refused at creation', () => {
  const key = (changes: object, base: object = keyOf('EdDSA')) => ({ keys: [{ ...base, ...changes }] });
  const secret = keyOf('HS256');
  const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const ed448 = generateKeyPairSync('ed448');
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });

  test.each<[string, object, string | RegExp]>([
    ['without alg', key({ alg: undefined }), 'keys[0].alg is "undefined"; allowed are EdDSA'],
    ['with the alg none', key({ alg: 'none' }), 'keys[0].alg is "none"'],
    ['with an alg that is not on the list', key({ alg: 'HS512' }), 'keys[0].alg is "HS512"'],
    ['with an alg of an object', key({ alg: 'constructor' }), 'keys[0].alg is "constructor"'],
    ['without kid', key({ kid: undefined }), 'keys[0].kid must be a string'],
    ['with an empty kid', key({ kid: '' }), 'keys[0].kid must not be empty'],
    ['with an unknown member', key({ use: 'sig' }), 'keys[0] has an unknown option "use"'],
    ['with a secret beside a pair', key({ secret: randomBytes(32) }), 'keys[0].secret does not go with EdDSA'],
    ['with a pair beside a secret', key({ privateKey: 'x' }, secret), 'keys[0].privateKey does not go with HS256'],
    ['with neither half', key({ privateKey: undefined, publicKey: undefined }), 'neither a privateKey nor a publicKey'],
    [
      'that is a public one where a private one is asked for',
      key({ privateKey: pair().objects.publicKey }),
      /privateKey is not a readable private key/,
    ],
    [
      'that is a private one where a public one is asked for',
      key({ publicKey: pair().objects.privateKey }),
      /publicKey is not a readable public key/,
    ],
    [
      'of another type',
      { keys: [{ ...keyOf('ES256'), alg: 'EdDSA' }] },
      'does not fit EdDSA, which takes an Ed25519 key',
    ],
    [
      'of another curve',
      key({ alg: 'ES256', ...p384 }),
      'does not fit ES256, which takes an EC key on the curve P-256',
    ],
    ['of Ed448', key({ ...ed448 }), 'does not fit EdDSA'],
    [
      'of 1,024 bits',
      key({ alg: 'RS256', ...rsa1024 }),
      'does not fit RS256, which takes an RSA key of at least 2048 bits',
    ],
    ['of RSA-PSS with parameters', key({ alg: 'PS256', ...pss }), 'does not fit PS256'],
    ['that is no PEM', key({ privateKey: 'secret' }), 'keys[0].privateKey is not a readable private key'],
    ['that is a number', key({ privateKey: 1 }), 'keys[0].privateKey is not a readable private key'],
    [
      'that says it is for another alg',
      key({ privateKey: { ...pair().jwk.privateKey, alg: 'ES256' } }),
      'has the alg ES256',
    ],
    ['for encryption', key({ privateKey: { ...pair().jwk.privateKey, use: 'enc' } }), 'has a use other than sig'],
    [
      'whose halves do not belong together',
      key({ publicKey: publicPart(keyOf('EdDSA', 'other')).publicKey }),
      'keys[0].publicKey does not belong to keys[0].privateKey',
    ],
    [
      'that cannot sign, and stands first',
      { keys: [publicPart(keyOf('EdDSA')), keyOf('EdDSA', 'other')] },
      'keys[0] has no privateKey; the first key signs',
    ],
  ])('%s', (_, changes, message) => refuses(changes, message));

  test('JWT-12: an HMAC secret under 32 bytes, or a passphrase', () => {
    for (const short of [
      randomBytes(31),
      randomBytes(0),
      createSecretKey(randomBytes(16)),
      { kty: 'oct', k: 'AAAA' },
    ]) {
      refuses({ keys: [{ alg: 'HS256', kid: 'k', secret: short }] }, /secret has \d+ bytes; at least 32 random ones/);
    }
    refuses(
      { keys: [{ alg: 'HS256', kid: 'k', secret: 'correct horse battery staple, and more' }] },
      'not a passphrase',
    );
    refuses({ keys: [{ alg: 'HS256', kid: 'k' }] }, 'keys[0].secret must be bytes');
    refuses({ keys: [{ alg: 'HS256', kid: 'k', secret: pair().objects.privateKey }] }, 'keys[0].secret must be bytes');
    expect(make({ keys: [{ alg: 'HS256', kid: 'k', secret: randomBytes(32) }] })).not.toThrow();
  });

  test('JWT-2: secrets mixed with pairs, one kid twice, and one key under two names or algorithms', () => {
    refuses({ keys: [keyOf('EdDSA'), keyOf('HS256')] }, 'keys mixes HS256 with key pairs');
    refuses({ keys: [keyOf('EdDSA'), { ...keyOf('ES256'), kid: 'our EdDSA' }] }, 'two keys have the kid "our EdDSA"');
    refuses({ keys: [keyOf('RS256'), { ...keyOf('RS256'), alg: 'PS256', kid: 'other' }] }, 'one key under two names');
    expect(make({ keys: [keyOf('EdDSA'), keyOf('ES256'), publicPart(keyOf('RS256'))] })).not.toThrow();
  });
});

describe('a key is taken', () => {
  /** Checks a signed token, also with the public key in another form. */
  async function signs(key: TokenKey, checkedBy: TokenKey): Promise<void> {
    const realm = new TokenRealm({ keys: [key] });
    const { accessToken, session } = await realm.mint();
    expect(headerOf(accessToken)).toEqual({ alg: key.alg, kid: key.kid, typ: 'at+jwt' });
    expect(await realm.access(accessToken)).toBe('live');
    const other = new TokenRealm({ keys: [checkedBy] }, { over: realm });
    expect(await other.tokens.check(accessToken)).toMatchObject({ ok: true, session: { id: session.id } });
  }

  test.each(['EdDSA', 'ES256', 'RS256', 'PS256'] as const)('of %s, in every form', async (alg) => {
    const { jwk, objects } = pair(alg);
    const name = { EdDSA: 'Ed25519', ES256: 'ECDSA', RS256: 'RSASSA-PKCS1-v1_5', PS256: 'RSA-PSS' }[alg];
    const algorithm = { name, namedCurve: 'P-256', hash: 'SHA-256' };
    const imported = (key: object, usage: 'sign' | 'verify') =>
      webcrypto.subtle.importKey('jwk', key as webcrypto.JsonWebKey, algorithm, usage === 'verify', [usage]);
    const crypto = {
      privateKey: await imported(jwk.privateKey, 'sign'),
      publicKey: await imported(jwk.publicKey, 'verify'),
    };
    const base = { alg, kid: 'k' };
    const forms: { privateKey: KeyInput; publicKey: KeyInput }[] = [jwk, objects, pem(objects), crypto];
    for (const form of forms) await signs({ ...base, ...form }, { ...base, privateKey: jwk.privateKey });
    // The options leave out the public key, because it follows from the private key.
    for (const { privateKey } of forms) {
      const tokens = make({ keys: [{ ...base, privateKey }] })();
      expect(tokens.jwks().keys[0]).toMatchObject(jwk.publicKey);
    }
  });

  test('of HS256, in every form, of which the caller’s own copy may be wiped', async () => {
    const bytes = randomBytes(40);
    const base = { alg: 'HS256', kid: 'k' } as const;
    const jwk = { kty: 'oct', k: bytes.toString('base64url') };
    const wiped = new Uint8Array(bytes);
    const key = { ...base, secret: wiped };
    const realm = new TokenRealm({ keys: [key] });
    wiped.fill(0);
    const { accessToken } = await realm.mint();
    expect(await new TokenRealm({ keys: [{ ...base, secret: jwk }] }, { over: realm }).access(accessToken)).toBe(
      'live',
    );
    await signs({ ...base, secret: createSecretKey(bytes) }, { ...base, secret: new Uint8Array(bytes) });
  });

  test('but not a CryptoKey of another hash, or one that may not sign', async () => {
    const p = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
    const sha512 = await webcrypto.subtle.generateKey({ ...p, hash: 'SHA-512' }, true, ['sign', 'verify']);
    refuses({ keys: [{ alg: 'RS256', kid: 'k', ...sha512 }] }, 'which does not fit RS256');
    refuses({ keys: [{ alg: 'PS256', kid: 'k', ...sha512 }] }, 'which does not fit PS256');
    const ecdh = await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    refuses({ keys: [{ alg: 'ES256', kid: 'k', ...ecdh }] }, 'which does not fit ES256');
  });
});

describe('several keys', () => {
  test('rotate with an overlap: what the old one signed is good while it stands behind the new one', async () => {
    const [old, next] = [keyOf('EdDSA', 'old'), keyOf('ES256', 'next')];
    const before = new TokenRealm({ keys: [old, publicPart(next)] });
    const { accessToken: first } = await before.mint();
    const during = new TokenRealm({ keys: [next, publicPart(old)] }, { over: before });
    const { accessToken: second } = await during.mint();
    expect(headerOf(second).kid).toBe('next');
    // Both deployments run side by side.
    for (const realm of [before, during]) {
      expect([await realm.access(first), await realm.access(second)]).toEqual(['live', 'live']);
    }
    const after = new TokenRealm({ keys: [next] }, { over: before });
    expect([await after.access(first), await after.access(second)]).toEqual(['invalid', 'live']);
  });

  test('are shown as a JWK Set, without what is secret', () => {
    const tokens = make({ keys: [keyOf('EdDSA'), keyOf('RS256'), publicPart(keyOf('ES256'))] })();
    const { keys } = tokens.jwks();
    expect(keys.map(({ kid, alg, use }) => [kid, alg, use])).toEqual([
      ['our EdDSA', 'EdDSA', 'sig'],
      ['our RS256', 'RS256', 'sig'],
      ['our ES256', 'ES256', 'sig'],
    ]);
    for (const key of keys) {
      expect(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'].includes(name))).toEqual(
        [],
      );
    }
    expect(make({ keys: [keyOf('HS256')] })().jwks()).toEqual({ keys: [] });
  });

  test('a JWK with private members in the public place shows none of them', () => {
    const { jwk } = pair();
    const tokens = make({
      keys: [{ alg: 'EdDSA', kid: 'k', privateKey: jwk.privateKey, publicKey: jwk.privateKey }],
    })();
    expect(JSON.stringify(tokens.jwks())).not.toContain(String(jwk.privateKey.d));
  });
});

describe('generateKey', () => {
  const isWhole = includes('jwt: new keys of RSA');
  test.each(ALGORITHMS.filter((alg) => isWhole || !/^[PR]S/.test(alg)))(
    'makes a key of %s that is JSON, and another one each time',
    (alg) => {
      const [one, other] = [generateKey(alg), generateKey(alg)];
      expect(JSON.parse(JSON.stringify(one))).toEqual(one);
      expect(one.kid).toMatch(/^[\w-]{22,43}$/);
      expect(one.kid).not.toBe(other.kid);
      expect(make({ keys: [one] })).not.toThrow();
      expect(generateKey(alg, 'mine').kid).toBe('mine');
    },
  );

  test('refuses another algorithm, and a name that is none', () => {
    expect(() => generateKey('none' as 'EdDSA')).toThrow(TypeError);
    expect(() => generateKey('EdDSA', '')).toThrow('kid must not be empty');
  });
});
