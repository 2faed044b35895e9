import type { Scope } from 'session-revocation';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, NOW } from '../../support/realm.ts';
import { claimsOf, GuardedRealm, ISSUER, SECONDS } from '../support/guarded.ts';

const inAccounts = { account: (claims: { readonly [name: string]: unknown }) => claims.org as string | undefined };
const ATTRIBUTION = { by: 'admin-1', reason: 'offboarding', note: 'ticket 7', fromDevice: 'Safari on iOS' };

const open = (options = {}, others = {}) => GuardedRealm.open({ ...inAccounts, ...options }, others);

/** Returns the verdicts on four tokens: ann at acme, ann without an account, ann at beta, and bob at acme. */
async function refused(realm: GuardedRealm): Promise<string[]> {
  const who = [{ org: 'acme' }, {}, { org: 'beta' }, { sub: 'bob', org: 'acme' }];
  return Promise.all(who.map((claims) => realm.verdict(claims)));
}

describe('SES-12: what was authenticated before is refused, and nothing else, after a revocation of', () => {
  test.each<[string, Scope, string[]]>([
    ['the user', { user: 'ann' }, ['revoked', 'revoked', 'revoked', 'passes']],
    ['the member', { user: 'ann', account: 'acme' }, ['revoked', 'passes', 'passes', 'passes']],
    ['the account', { account: 'acme' }, ['revoked', 'passes', 'passes', 'revoked']],
    ['the realm', { realm: true }, ['revoked', 'revoked', 'revoked', 'revoked']],
  ])('%s', async (_, scope, expected) => {
    const realm = await open();
    expect(await refused(realm)).toEqual(['passes', 'passes', 'passes', 'passes']);
    await realm.sessions.revoke(scope, ATTRIBUTION);
    expect(await refused(realm)).toEqual(expected);
    realm.now += MINUTE;
    expect(await realm.verdict({ org: 'acme', auth_time: SECONDS + 30 }), 'signed in again').toBe('passes');
  });

  test.each<[string, Scope]>([
    ['user', { user: 'ann' }],
    ['member', { user: 'ann', account: 'acme' }],
    ['account', { account: 'acme' }],
    ['realm', { realm: true }],
  ])('the %s: the verdict tells who did it, when and why', async (scope, of) => {
    const realm = await open();
    await realm.sessions.revoke(of, ATTRIBUTION);
    expect(await realm.guard.check(claimsOf({ org: 'acme' }))).toEqual({
      ...{ ok: false, reason: 'revoked' },
      revocation: {
        scope,
        at: NOW,
        by: ATTRIBUTION.by,
        reason: ATTRIBUTION.reason,
        fromDevice: ATTRIBUTION.fromDevice,
      },
    });
  });

  test('the user, by a trigger', async () => {
    const realm = await open();
    await realm.sessions.trigger('passwordReset', { user: 'ann' });
    expect(await realm.guard.check(claimsOf())).toMatchObject({
      reason: 'revoked',
      revocation: { reason: 'password-reset' },
    });
  });

  test('the user, in a realm where they also have sessions of this library', async () => {
    const realm = await open();
    const { session, token } = await realm.signIn('ann');
    const { token: next } = await realm.sessions.revoke({ user: 'ann' }, { keep: session });
    expect([await realm.word(token), await realm.word(next), await realm.verdict()]).toEqual([
      'superseded',
      'live',
      'revoked',
    ]);
  });

  test('the user, who is then forgotten', async () => {
    const realm = await open();
    await realm.sessions.forgetUser('ann');
    expect(await realm.guard.check(claimsOf())).toEqual({
      ...{ ok: false, reason: 'revoked' },
      revocation: { scope: 'user', at: NOW, by: null, reason: null, fromDevice: null },
    });
  });
});

describe('kinds', () => {
  test('one that survives is spared, until it is named', async () => {
    const realm = await open({}, { kinds: { api: { survives: ['user', 'member'] } } });
    await realm.sessions.revoke({ user: 'ann' });
    await realm.sessions.revoke({ user: 'ann', account: 'acme' });
    await realm.sessions.revoke({ user: 'ann' }, { kinds: ['browser'] });
    expect(await realm.verdict({ org: 'acme' })).toBe('passes');
    await realm.sessions.revoke({ user: 'ann' }, { kinds: ['api'] });
    expect(await realm.verdict({ org: 'acme' })).toBe('revoked');
  });

  test('one that survives does not survive a revocation of the account', async () => {
    const realm = await open({}, { kinds: { api: { survives: ['user', 'member'] } } });
    await realm.sessions.revoke({ account: 'acme' });
    expect(await realm.verdict({ org: 'acme' })).toBe('revoked');
  });

  test('the guard says which one the tokens count as', async () => {
    const realm = await open({ kind: 'browser' });
    await realm.sessions.revoke({ user: 'ann' }, { kinds: ['api'] });
    expect(await realm.verdict()).toBe('passes');
    await realm.sessions.revoke({ user: 'ann' }, { kinds: ['browser'] });
    expect(await realm.verdict()).toBe('revoked');
  });
});

describe('SES-15: while suspended', () => {
  test.each<[string, Scope]>([
    ['user', { user: 'ann' }],
    ['member', { user: 'ann', account: 'acme' }],
    ['account', { account: 'acme' }],
    ['realm', { realm: true }],
  ])('the %s, every token is refused, new ones too; after it, new ones pass', async (scope, of) => {
    const realm = await open();
    await realm.sessions.suspend(of, ATTRIBUTION);
    realm.now += HOUR;
    const fresh = { org: 'acme', auth_time: SECONDS + 3600 };
    expect(await realm.guard.check(claimsOf(fresh))).toEqual({
      ...{ ok: false, reason: 'suspended' },
      revocation: {
        scope,
        at: NOW,
        by: ATTRIBUTION.by,
        reason: ATTRIBUTION.reason,
        fromDevice: ATTRIBUTION.fromDevice,
      },
    });
    await realm.sessions.resume(of);
    expect(await realm.verdict(fresh), 'signed in while suspended').toBe('revoked');
    realm.now += MINUTE;
    expect(await realm.verdict({ ...fresh, auth_time: SECONDS + 3660 })).toBe('passes');
  });

  test('no pruning removes it', async () => {
    const realm = await open();
    await realm.sessions.suspend({ user: 'ann' });
    realm.now += 400 * DAY;
    await realm.sessions.prune();
    expect(await realm.verdict({ auth_time: SECONDS + 400 * 86400 })).toBe('suspended');
  });
});

describe('signOutOthers', () => {
  const OTHERS = [{ sid: 'another session' }, { sid: undefined }, { iss: 'https://other.example' }];
  const others = (realm: GuardedRealm) => Promise.all(OTHERS.map((claims) => realm.verdict(claims)));

  test('spares the tokens of its own session, however old, and no others', async () => {
    const realm = await open({}, { audit: true });
    const { token } = await realm.signIn('ann');
    const heard = realm.hear('sessions.revoked');
    expect(await realm.guard.signOutOthers(claimsOf(), ATTRIBUTION)).toEqual({
      ...{ revoked: true, effectiveWithin: 0 },
      revocation: { scope: 'user', user: 'ann', account: null, at: NOW, kinds: null, ...ATTRIBUTION },
    });
    expect(await realm.verdict()).toBe('passes');
    expect(await realm.verdict({ jti: 'a later token', iat: SECONDS })).toBe('passes');
    expect(await realm.verdict({ auth_time: SECONDS - 3600 })).toBe('passes');
    expect(await others(realm)).toEqual(['revoked', 'revoked', 'revoked']);
    expect(await realm.verdict({ sub: 'bob', sid: 'another session' })).toBe('passes');
    expect(await realm.word(token)).toBe('revoked');
    expect(heard).toMatchObject([
      { scope: 'user', user: 'ann', kept: null, by: ATTRIBUTION.by, note: ATTRIBUTION.note },
    ]);
    const { entries } = await realm.sessions.audit({ types: ['sessions.revoked'] });
    expect(entries).toMatchObject([
      { user: 'ann', by: ATTRIBUTION.by, reason: ATTRIBUTION.reason, note: ATTRIBUTION.note },
    ]);
  });

  test('may be asked again, and by another session that has signed in since, which alone is spared then', async () => {
    const realm = await open();
    await realm.guard.signOutOthers(claimsOf());
    expect(await realm.guard.signOutOthers(claimsOf())).toMatchObject({ revoked: true });
    expect(await realm.verdict()).toBe('passes');
    realm.now += MINUTE;
    const later = { sid: 'another session', auth_time: SECONDS + 30 };
    expect(await realm.guard.signOutOthers(claimsOf(later))).toMatchObject({ revoked: true });
    expect([await realm.verdict(), await realm.verdict(later)]).toEqual(['revoked', 'passes']);
  });

  test.each<[string, Scope]>([
    ['user', { user: 'ann' }],
    ['member', { user: 'ann', account: 'acme' }],
    ['account', { account: 'acme' }],
    ['realm', { realm: true }],
  ])('spares no token from the next revocation of the %s', async (_, scope) => {
    const realm = await open();
    await realm.guard.signOutOthers(claimsOf({ org: 'acme' }));
    expect(await realm.verdict({ org: 'acme' })).toBe('passes');
    await realm.sessions.revoke(scope);
    expect(await realm.verdict({ org: 'acme' })).toBe('revoked');
  });

  test('revives no token that an earlier revocation had ended, however often it is asked', async () => {
    const realm = await open();
    const stolen = claimsOf();
    await realm.sessions.revoke({ user: 'ann' });
    realm.now += MINUTE;
    // The same session of the issuer, after a new authentication.
    const fresh = { auth_time: SECONDS + 30 };
    for (let times = 0; times < 3; times++) {
      expect(await realm.guard.signOutOthers(claimsOf(fresh))).toMatchObject({ revoked: true });
      expect([await realm.verdict(stolen), await realm.verdict(fresh)]).toEqual(['revoked', 'passes']);
      realm.now += MINUTE;
    }
  });

  test('spares for as long as other kinds are revoked', async () => {
    const realm = await open();
    await realm.guard.signOutOthers(claimsOf());
    await realm.sessions.revoke({ user: 'ann' }, { kinds: ['browser'] });
    expect(await realm.verdict()).toBe('passes');
    await realm.sessions.revoke({ user: 'ann' }, { kinds: ['api'] });
    expect(await realm.verdict()).toBe('revoked');
  });

  test('spares no token that is denied, and no suspended user', async () => {
    const realm = await open();
    await realm.guard.signOutOthers(claimsOf());
    await realm.guard.revoke({ sid: 'their session', issuer: ISSUER });
    expect(await realm.verdict()).toBe('denied');
    await realm.sessions.suspend({ user: 'ann' });
    expect(await realm.verdict({ sid: 'another session' })).toBe('suspended');
  });

  test('does nothing for a token that would be refused, or names no session', async () => {
    const realm = await open();
    await realm.sessions.revoke({ user: 'ann' });
    const { token } = await realm.signIn('ann');
    const nothing = { revoked: false, effectiveWithin: 0, revocation: null };
    expect(await realm.guard.signOutOthers(claimsOf())).toEqual({ ...nothing, reason: 'revoked' });
    realm.now += MINUTE;
    const fresh = { auth_time: SECONDS + 30 };
    expect(await realm.guard.signOutOthers(claimsOf({ ...fresh, sid: undefined }))).toEqual({
      ...nothing,
      reason: 'no-sid',
    });
    expect(await realm.guard.signOutOthers(claimsOf({ ...fresh, iss: undefined }))).toEqual({
      ...nothing,
      reason: 'no-sid',
    });
    expect(await realm.guard.signOutOthers(claimsOf({ auth_time: null }))).toEqual({
      ...nothing,
      reason: 'no-auth-time',
    });
    await realm.sessions.suspend({ account: 'acme' });
    expect(await realm.guard.signOutOthers(claimsOf({ ...fresh, org: 'acme' }))).toEqual({
      ...nothing,
      reason: 'suspended',
    });
    expect(await realm.word(token)).toBe('live');
  });

  test('is beaten by a revocation that comes between: it looks again, and does nothing', async () => {
    const realm = await open();
    let others = 1;
    realm.around = async (call, ask) => {
      if (call === 'advance' && others-- > 0) await realm.sessions.revoke({ user: 'ann' });
      return ask();
    };
    expect(await realm.guard.signOutOthers(claimsOf())).toMatchObject({ revoked: false, reason: 'revoked' });
    expect(await realm.verdict()).toBe('revoked');
  });

  test('refuses options that it does not know', async () => {
    const realm = await open();
    await expect(realm.guard.signOutOthers(claimsOf(), { who: 'x' } as never)).rejects.toThrow(/"who"/);
  });

  test('is kept for as long as any guard accepts tokens, and spares no session of this library', async () => {
    const realm = await open({ maxAge: '100d', issuerSkew: '0s' });
    const short = new GuardedRealm({ maxAge: '1d' }, { over: realm });
    realm.now += 2 * HOUR;
    short.now = realm.now;
    await short.guard.signOutOthers(claimsOf({ auth_time: SECONDS + 7000 }));
    const signedIn = await realm.signIn('ann');
    expect(await realm.word(signedIn.token)).toBe('live');
    realm.now += 99 * DAY;
    await realm.sessions.prune();
    const old = { auth_time: SECONDS + 7000 };
    expect(await realm.verdict({ ...old, sid: 'another session' })).toBe('revoked');
  });
});
