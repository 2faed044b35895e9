import { createPublicKey } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { formatRefreshToken, parseRefreshToken } from '../../../src/model/refresh-token.ts';
import { formatToken, parseToken, realmTag } from '../../../src/model/token.ts';
import {
  ALGORITHMS,
  changed,
  claimsOf,
  encode,
  headerOf,
  hmac,
  keyOf,
  otherSignature,
  publicPart,
  signAnything,
  TokenRealm,
} from './support/tokens.ts';

afterEach(() => void vi.restoreAllMocks());

/**
 * Returns tokens of every sort, and functions that present a token in one place. Each returns whether it was accepted.
 */
async function everything() {
  const realms = new Map<string, TokenRealm>();
  const first = new TokenRealm({ keys: [keyOf('EdDSA')] });
  for (const alg of ALGORITHMS) realms.set(alg, new TokenRealm({ keys: [keyOf(alg)] }, { over: first }));
  const who = { user: 'ann', account: 'acme' };
  const { sessions } = first;
  const opaque = await first.signIn('ann', who);
  for (let nth = 0; nth < 3; nth++) await first.signIn('ann', who);
  const { refreshToken } = await first.grant({}, 'ann', who);
  const fence = await sessions.fence(who);
  const { cursor } = await sessions.list({ user: 'ann' }, { limit: 1 });
  const tokens: Record<string, string> = { opaque: opaque.token, refresh: refreshToken, fence, cursor: cursor ?? '' };
  for (const [alg, realm] of realms) {
    tokens[`access, ${alg}`] = (await realm.tokens.mint(opaque.session, { client: 'app' })).accessToken;
  }
  const taken = async (act: () => Promise<unknown>): Promise<boolean> => {
    try {
      await act();
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      return false;
    }
  };
  type Place = (token: string) => Promise<boolean>;
  const places: Record<string, Place> = {
    opaque: async (token) => (await sessions.check(token)).ok,
    fence: (token) => taken(() => sessions.start({ ...who, fence: token })),
    cursor: (token) => taken(() => sessions.list({ user: 'ann' }, { cursor: token })),
  };
  for (const [alg, realm] of realms) places[`access, ${alg}`] = async (token) => (await realm.tokens.check(token)).ok;
  // The last place, because a refresh uses up the token.
  places.refresh = async (token) => (await first.tokens.refresh(token)).ok;
  return { tokens, places, first, opaque };
}

/**
 * Simple changes of a token: a changed character in each part, missing, empty and doubled parts, and other spellings.
 */
function tampered(token: string): string[] {
  const parts = token.split('.');
  const all = parts.flatMap((part, at) => {
    const middle = part.length >> 1;
    const other = part[middle] === 'A' ? 'B' : 'A';
    const flipped = parts.with(at, part.slice(0, middle) + other + part.slice(middle + 1));
    return [flipped, parts.toSpliced(at, 1), parts.with(at, ''), parts.toSpliced(at, 0, part)].map((each) =>
      each.join('.'),
    );
  });
  return [...all, `${token}=`, ` ${token}`, token.slice(0, -1), `${token}A`, token.toUpperCase()].filter(
    (one) => one !== token,
  );
}

describe('JWT-5: every token at every place that takes one', () => {
  test('only the right one passes', async () => {
    const { tokens, places } = await everything();
    const passed: string[] = [];
    for (const [place, takes] of Object.entries(places)) {
      for (const [sort, token] of Object.entries(tokens)) if (await takes(token)) passed.push(`${sort} at ${place}`);
    }
    expect(passed.sort()).toEqual(
      Object.keys(tokens)
        .map((sort) => `${sort} at ${sort}`)
        .sort(),
    );
  });

  test('and none that was tampered with, wherever', async () => {
    const { tokens, places } = await everything();
    let tried = 0;
    for (const [sort, token] of Object.entries(tokens)) {
      // Changed fences and cursors are left out: a fence stays on the server, and a cursor proves nothing.
      if (sort === 'fence' || sort === 'cursor') continue;
      for (const odd of tampered(token)) {
        for (const [place, takes] of Object.entries(places)) expect(await takes(odd), `${odd} at ${place}`).toBe(false);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(100);
  });

  test('nor one that is put together from parts of others', async () => {
    const { tokens, places, first, opaque } = await everything();
    const { ref, secrets } = parseRefreshToken(tokens.refresh)!;
    const { secret } = parseToken(tokens.opaque)!;
    const credential = first.store.find(realmTag('default'), [ref])[0]!.session.credential;
    const [family = '', rotating = ''] = credential.split('.');
    const mixed = [
      formatToken(ref, secrets.family),
      formatToken(ref, secrets.rotating),
      formatToken(ref, secret),
      formatToken(ref, family),
      formatToken(ref, rotating),
      formatRefreshToken(ref, { family, rotating }),
      formatRefreshToken(ref, { family: secrets.rotating, rotating: secrets.family }),
      formatRefreshToken(ref, { family: secret, rotating: secret }),
      formatRefreshToken({ ...ref, id: opaque.session.id }, { family: secret, rotating: secret }),
      formatRefreshToken({ ...ref, id: opaque.session.id }, secrets),
      formatToken({ ...ref, id: opaque.session.id }, secrets.family),
    ];
    for (const odd of mixed) {
      for (const [place, takes] of Object.entries(places)) expect(await takes(odd), `${odd} at ${place}`).toBe(false);
    }
    expect(await places.refresh!(tokens.refresh!)).toBe(true);
  });
});

describe('an access token of another issuer', () => {
  const EDDSA = keyOf('EdDSA');

  test.each(['none', 'None', 'NONE', 'nOnE', '', 'HS256', 'HS384', 'RS256', 'ES256K', 'dir', 'constructor'])(
    'JWT-2: of the algorithm %j is refused, signed or not',
    async (alg) => {
      const realm = new TokenRealm();
      const { accessToken } = await realm.mint();
      const [, claims, signature] = accessToken.split('.');
      const header = encode({ ...headerOf(accessToken), alg });
      for (const odd of ['', 'AA', signature, Buffer.from('none').toString('base64url')]) {
        expect(await realm.access(`${header}.${claims}.${odd}`)).not.toBe('live');
      }
    },
  );

  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
    'JWT-2: with the public key of %s for a secret of HS256 is refused',
    async (alg) => {
      const key = keyOf(alg);
      const realm = new TokenRealm({ keys: [key] });
      const { accessToken } = await realm.mint();
      const open = JSON.stringify(publicPart(key).publicKey);
      const object = createPublicKey({ key: JSON.parse(open), format: 'jwk' });
      const pem = object.export({ type: 'spki', format: 'pem' }) as string;
      const text = `${encode({ ...headerOf(accessToken), alg: 'HS256' })}.${accessToken.split('.')[1]}`;
      for (const secret of [pem, pem.trim(), object.export({ type: 'spki', format: 'der' }), open]) {
        expect(await realm.access(`${text}.${hmac(secret, text).toString('base64url')}`)).toBe('invalid');
      }
    },
  );

  test('JWT-2: of another algorithm of the same key, or with the name of another key, is refused', async () => {
    const [rs, es] = [keyOf('RS256'), keyOf('ES256')];
    const realm = new TokenRealm({ keys: [rs, publicPart(es)] });
    const { accessToken } = await realm.mint();
    if (rs.alg === 'HS256') throw new Error('a pair was asked for');
    const pss = { ...rs, alg: 'PS256' as const };
    expect(await realm.access(changed(pss, accessToken, { header: { alg: 'PS256' } }))).toBe('invalid');
    expect(await realm.access(changed(rs, accessToken, { header: { kid: es.kid } }))).toBe('invalid');
    expect(await realm.access(changed(rs, accessToken, { header: { kid: es.kid, alg: 'ES256' } }))).toBe('invalid');
    expect(await realm.access(changed(rs, accessToken, {}))).toBe('live');
  });

  test.each([
    '',
    '0',
    '../../etc/passwd',
    "' OR 1=1 --",
    '__proto__',
    'constructor',
    'https://evil.example/k',
    '\0',
    'k'.repeat(256),
  ])('JWT-3: with the kid %j finds no key', async (kid) => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    expect(await realm.access(changed(EDDSA, accessToken, { header: { kid } }))).toBe('invalid');
  });

  test('JWT-3: without a kid finds none, though there is one key only', async () => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    const jwt = signAnything(EDDSA, { alg: 'EdDSA', typ: 'at+jwt' }, claimsOf(accessToken));
    expect(await realm.access(jwt)).toBe('invalid');
  });

  test('JWT-3: that brings a key, or says where one is, is refused, and nothing is fetched', async () => {
    const asked = [
      vi.spyOn(globalThis, 'fetch'),
      vi.spyOn(http, 'request'),
      vi.spyOn(https, 'request'),
      vi.spyOn(net, 'connect'),
      vi.spyOn(net.Socket.prototype, 'connect'),
    ];
    const mine = keyOf('EdDSA', 'the attacker’s');
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    const jwk = publicPart(mine).publicKey;
    for (const header of [
      ...[{ jwk }, { jku: 'http://127.0.0.1:1/jwks.json' }, { x5u: 'http://127.0.0.1:1/c.pem' }, { x5c: ['MIIB'] }],
      ...[{ kid: 'http://127.0.0.1:1/jwks.json' }, { crit: ['jwk'], jwk }, { iss: 'http://127.0.0.1:1' }],
    ]) {
      expect(await realm.access(changed(mine, accessToken, { header }))).not.toBe('live');
      // The same holds if the app's own key signed the token.
      expect(await realm.access(changed(EDDSA, accessToken, { header }))).not.toBe('live');
    }
    await realm.access(changed(mine, accessToken, { claims: { iss: 'http://127.0.0.1:1' } }));
    for (const spy of asked) expect(spy).not.toHaveBeenCalled();
  });

  test.each(['EdDSA', 'ES256'] as const)('with a signature of nothing but zeros is refused: %s', async (alg) => {
    const realm = new TokenRealm({ keys: [keyOf(alg)] });
    const { accessToken } = await realm.mint();
    const text = accessToken.slice(0, accessToken.lastIndexOf('.'));
    for (const fill of [0, 1, 255]) {
      expect(await realm.access(`${text}.${Buffer.alloc(64, fill).toString('base64url')}`)).toBe('invalid');
    }
  });

  test.each<[string, object, object]>([
    ['an ID token', { typ: 'JWT' }, { nonce: 'n', at_hash: 'x' }],
    ['a logout token', { typ: 'logout+jwt' }, { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    [
      'a security event',
      { typ: 'secevent+jwt' },
      { events: { 'https://schemas.openid.net/secevent/x': {} }, sub_id: {} },
    ],
    ['a security event that says it is an access token', {}, { events: {} }],
    ['a list of states', { typ: 'statuslist+jwt' }, { status_list: {} }],
    ['a demand for global revocation', { typ: 'global-token-revocation+jwt' }, {}],
  ])('JWT-5, JWT-6: %s with our own signature is none', async (_, header, claims) => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    expect(await realm.access(changed(EDDSA, accessToken, { header, claims }))).toBe('invalid');
  });

  test('an ES256 signature has a twin: it is as good, as long as the session is, and what is not that fits nothing', async () => {
    const realm = new TokenRealm({ keys: [keyOf('ES256')] });
    const { accessToken } = await realm.mint();
    const twin = otherSignature(accessToken);
    expect(twin).not.toBe(accessToken);
    expect(otherSignature(twin)).toBe(accessToken);
    expect(await realm.access(twin)).toBe('live');
    expect(await realm.access(otherSignature(changed(keyOf('ES256', 'other'), accessToken, {})))).toBe('invalid');
  });
});
