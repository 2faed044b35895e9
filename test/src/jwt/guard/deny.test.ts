import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { type Denied, externalTokens, tokenGuard } from 'session-revocation/jwt';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, NOW, SECOND } from '../../support/realm.ts';
import { claimsOf, GuardedRealm, ISSUER, SECONDS } from '../support/guarded.ts';
import { otherSignature } from '../support/tokens.ts';

const ATTRIBUTION = { by: 'admin-1', reason: 'stolen', note: 'ticket 7', fromDevice: 'Safari on iOS' };
const TOKEN = { jti: 'their token', issuer: ISSUER } as const;
const SESSION = { sid: 'their session', issuer: ISSUER } as const;

describe('one token', () => {
  test('is denied, and no other: of another name, issuer or session', async () => {
    const realm = await GuardedRealm.open();
    expect(await realm.guard.revoke({ ...TOKEN, expiresAt: NOW + 5 * MINUTE }, ATTRIBUTION)).toEqual({
      revoked: true,
      effectiveWithin: 0,
    });
    expect(await realm.guard.check(claimsOf())).toEqual({
      ...{ ok: false, reason: 'denied' },
      revocation: {
        scope: null,
        at: NOW,
        by: ATTRIBUTION.by,
        reason: ATTRIBUTION.reason,
        fromDevice: ATTRIBUTION.fromDevice,
      },
    });
    const others = [
      { jti: 'their other token' },
      { jti: undefined },
      { iss: 'https://other.example' },
      { iss: undefined },
    ];
    for (const claims of others) expect(await realm.verdict(claims), JSON.stringify(claims)).toBe('passes');
    expect(await realm.verdict({ sub: 'bob' }), 'of any user').toBe('denied');
  });

  test('tells names apart: a jti is not a sid, and no two names have the same key', async () => {
    const realm = await GuardedRealm.open();
    await realm.guard.revoke({ jti: 'x', issuer: ISSUER });
    expect(await realm.verdict({ sid: 'x' })).toBe('passes');
    await realm.guard.revoke({ jti: 'b', issuer: `${ISSUER}a` });
    expect(await realm.verdict({ jti: 'ab' })).toBe('passes');
    await realm.guard.revoke({ jti: 'CASE', issuer: ISSUER });
    expect([await realm.verdict({ jti: 'case' }), await realm.verdict({ jti: 'CASE ' })]).toEqual(['passes', 'passes']);
  });

  test('whose issuer the guard names, need not name it', async () => {
    const realm = await GuardedRealm.open({ issuer: ISSUER });
    await realm.guard.revoke({ jti: 'their token' });
    expect([await realm.verdict(), await realm.verdict({ iss: undefined })]).toEqual(['denied', 'denied']);
  });

  test('is denied with one question more for none of the others', async () => {
    const realm = await GuardedRealm.open();
    await realm.guard.revoke(TOKEN);
    realm.calls.length = 0;
    await realm.verdict({ jti: 'x' });
    expect(realm.calls).toEqual(['readEpochs']);
  });
});

test('all tokens of one session are denied, later ones too, and no others', async () => {
  const realm = await GuardedRealm.open();
  await realm.guard.revoke(SESSION);
  realm.now += HOUR;
  expect(await realm.verdict({ jti: 'a later one', auth_time: SECONDS + 3600 })).toBe('denied');
  expect(await realm.verdict({ sid: 'another session' })).toBe('passes');
});

test('again changes nothing, is told and logged once, and keeps it for longer', async () => {
  const realm = await GuardedRealm.open({}, { audit: true });
  const heard = realm.hear('token.revoked');
  const all = await Promise.all(
    [1, 2, 3].map((days) => realm.guard.revoke({ ...TOKEN, expiresAt: NOW + days * DAY }, ATTRIBUTION)),
  );
  expect(all.filter(({ revoked }) => revoked)).toHaveLength(1);
  const { reason, by, note } = ATTRIBUTION;
  expect(heard).toMatchObject([{ claim: 'jti', issuer: ISSUER, value: 'their token', by, reason, note }]);
  const { entries } = await realm.sessions.audit({ types: ['token.revoked'] });
  expect(entries).toMatchObject([
    { by, reason, note, user: null, details: { claim: 'jti', issuer: ISSUER, value: 'their token' } },
  ]);
  realm.now += 3 * DAY;
  await realm.sessions.prune();
  expect(await realm.verdict()).toBe('denied');
});

test('a crash after the first of its steps leaves it denied, and doing it again tells who did it', async () => {
  const realm = await GuardedRealm.open();
  realm.around = (call, ask) => (call === 'advance' ? Promise.reject(new Error('down')) : ask());
  await expect(realm.guard.revoke(TOKEN, ATTRIBUTION)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
  realm.around = (_, ask) => ask();
  expect(await realm.guard.check(claimsOf())).toEqual({ ok: false, reason: 'denied', revocation: null });
  expect(await realm.guard.revoke(TOKEN, ATTRIBUTION)).toMatchObject({ revoked: true });
  expect(await realm.guard.check(claimsOf())).toMatchObject({ revocation: { by: ATTRIBUTION.by } });
});

describe('JWT-11: an entry', () => {
  test.each([
    ['a Date', new Date(NOW + 5 * MINUTE)],
    ['ms', NOW + 5 * MINUTE],
  ])('is there until the token is over, clocks apart, and is removed then (%s)', async (_, expiresAt) => {
    const realm = await GuardedRealm.open();
    await realm.guard.revoke({ ...TOKEN, expiresAt });
    // A verifier may accept the token for a minute longer, and the pruner's clock may be an hour ahead.
    realm.now = NOW + 6 * MINUTE + HOUR;
    expect((await realm.sessions.prune()).epochs).toBe(0);
    expect(await realm.verdict()).toBe('denied');
    realm.now++;
    expect((await realm.sessions.prune()).epochs).toBe(1);
    expect(await realm.verdict()).toBe('passes');
  });

  test('without an expiry stays until the guard finds every present token too old', async () => {
    const realm = await GuardedRealm.open({ maxAge: '40d', issuerSkew: 0 });
    await realm.guard.revoke(TOKEN);
    realm.now = NOW + 40 * DAY + MINUTE + HOUR;
    expect((await realm.sessions.prune()).epochs).toBe(0);
    realm.now++;
    expect((await realm.sessions.prune()).epochs).toBe(1);
  });
});

describe('misuse is a TypeError that names it:', () => {
  test.each<[string, unknown, unknown, RegExp]>([
    ['nothing named', { issuer: ISSUER }, {}, /either a jti or a sid/],
    ['both named', { ...TOKEN, sid: 'x' }, {}, /either a jti or a sid/],
    ['no issuer', { jti: 'x' }, {}, /issuer is missing/],
    ['no object', 'their token', {}, /token must be an object/],
    ['an unknown key', { ...TOKEN, exp: 1 }, {}, /"exp"/],
    ['an empty name', { jti: '', issuer: ISSUER }, {}, /jti must not be empty/],
    ['a huge name', { sid: 'x'.repeat(257), issuer: ISSUER }, {}, /sid has 257 characters/],
    ['seconds', { ...TOKEN, expiresAt: SECONDS + 300 }, {}, /looks like seconds.*exp \* 1000/],
    ['no time', { ...TOKEN, expiresAt: new Date(Number.NaN) }, {}, /expiresAt must be a Date/],
    ['a time as a text', { ...TOKEN, expiresAt: '2030-01-01' }, {}, /expiresAt must be a Date/],
    ['an attribution with an unknown part', TOKEN, { who: 'x' }, /"who"/],
  ])('%s', async (_, token, by, message) => {
    const realm = await GuardedRealm.open();
    const done = realm.guard.revoke(token as Denied, by as never);
    await expect(done).rejects.toThrow(TypeError);
    await expect(done).rejects.toThrow(message);
  });
});

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function signedBy(privateKey: KeyObject, claims: object): string {
  const input = `${base64url({ alg: 'ES256', typ: 'at+jwt', kid: 'one' })}.${base64url(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

test('JWT-10: a denied token that is respelt is denied, or none: known by iss and jti, never by its text', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const realm = await GuardedRealm.open();
  const tokens = externalTokens({
    ...{ issuer: ISSUER, audience: 'api', algorithms: ['ES256'], clock: { now: () => realm.now } },
    jwks: [{ ...(publicKey.export({ format: 'jwk' }) as { kty: string }), kid: 'one' }],
  });
  const jwt = signedBy(privateKey, claimsOf());
  const respelt = otherSignature(jwt);
  expect(respelt).not.toBe(jwt);
  const parts = respelt.split('.');
  const bytes = Buffer.from(parts[2] ?? '', 'base64url');
  const key = { key: createPublicKey(privateKey), dsaEncoding: 'ieee-p1363' } as const;
  expect(verify('sha256', Buffer.from(`${parts[0]}.${parts[1]}`), key, bytes), 'it is a right signature').toBe(true);

  const judged = async (text: string): Promise<string> => {
    const verified = await tokens.verify(text);
    if (!verified.ok) return verified.reason;
    const verdict = await realm.guard.check(verified.claims);
    return verdict.ok ? 'passes' : verdict.reason;
  };
  expect([await judged(jwt), await judged(respelt)]).toEqual(['passes', 'passes']);
  await realm.guard.revoke({ ...TOKEN, expiresAt: NOW + 300 * SECOND });
  expect([await judged(jwt), await judged(respelt)]).toEqual(['denied', 'denied']);

  // A signature of 64 bytes leaves four bits of the last character unused, so it has sixteen spellings.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(jwt.at(-1) ?? '');
  const spellings = Array.from({ length: 15 }, (_, at) => `${jwt.slice(0, -1)}${alphabet[last + at + 1]}`);
  for (const text of spellings) expect(await judged(text), text).toBe('malformed');
  for (const text of [`${jwt}=`, `${jwt}==`, ` ${jwt}`, `${jwt}\n`, jwt.replace('.', '..'), `${jwt}.`]) {
    expect(await judged(text), text).toBe('malformed');
  }
});

test('the guards of one realm share what was denied', async () => {
  const realm = await GuardedRealm.open();
  await tokenGuard(realm.sessions, { maxAge: '1d' }).revoke(TOKEN);
  expect(await realm.verdict()).toBe('denied');
});
