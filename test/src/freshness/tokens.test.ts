import { beforeEach, expect, test, vi } from 'vitest';
import { adapterHandle } from '../../../src/adapter.ts';
import { claimsOf, GuardedRealm, ISSUER } from '../jwt/support/guarded.ts';
import { TokenRealm } from '../jwt/support/tokens.ts';
import { Realm, SECOND, settle } from '../support/realm.ts';

const FRESH = { freshness: { maxStaleness: '1s' } } as const;
let steady = 0;

beforeEach(() => {
  steady = 1_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => steady);
  return () => clock.mockRestore();
});

function pass(ms: number, ...realms: readonly Realm[]): void {
  steady += ms;
  for (const realm of realms) realm.now += ms;
}

test('an access token is judged from memory, which its opaque token shares, for no longer than maxStaleness', async () => {
  const realm = new TokenRealm({}, FRESH);
  const other = new TokenRealm({}, { over: realm });
  await realm.sessions.setup();
  const { session, token } = await realm.signIn();
  const { accessToken } = await realm.tokens.mint(session, { client: 'app' });
  expect(await realm.word(token)).toBe('live');
  realm.calls.length = 0;
  expect(await realm.tokens.check(accessToken)).toMatchObject({ ok: true });
  expect(realm.calls).toEqual([]);
  await other.sessions.revoke({ user: 'ann' });
  pass(SECOND, realm);
  expect(await realm.tokens.check(accessToken)).toMatchObject({ ok: true });
  expect(await realm.tokens.check(accessToken, { maxStaleness: 0 })).toMatchObject({ ok: false, reason: 'revoked' });
  expect(await realm.tokens.check(accessToken)).toMatchObject({ ok: false, reason: 'revoked' });
  await expect(realm.tokens.check(accessToken, { maxStaleness: '2s' })).rejects.toThrow(
    /can only lower that of the realm/,
  );
});

test('a renewal by this process supersedes the access token at once', async () => {
  const realm = new TokenRealm({}, FRESH);
  await realm.sessions.setup();
  const { session } = await realm.signIn();
  const { accessToken } = await realm.tokens.mint(session, { client: 'app' });
  const { session: live } = await realm.tokens.check(accessToken);
  await realm.sessions.renew(live!);
  expect(await realm.tokens.check(accessToken)).toMatchObject({ ok: false, reason: 'superseded' });
});

test('a refresh token is never judged from memory', async () => {
  const realm = new TokenRealm({}, FRESH);
  const other = new TokenRealm({}, { over: realm });
  await realm.sessions.setup();
  const { session } = await realm.signIn();
  const { accessToken, refreshToken } = await realm.tokens.mint(session, { client: 'app', refresh: true });
  await realm.tokens.check(accessToken);
  await other.sessions.revoke({ user: 'ann' });
  expect(await realm.tokens.refresh(refreshToken!)).toMatchObject({ ok: false, reason: 'revoked' });
});

test('a session that another process refreshed is the same session here: it is kept, renewed, and judged again', async () => {
  const realm = new TokenRealm({}, FRESH);
  const other = new TokenRealm({}, { over: realm });
  await realm.sessions.setup();
  const refreshed = async (user: string) => {
    const minted = await realm.tokens.mint((await realm.signIn(user)).session, { client: 'app', refresh: true });
    await realm.tokens.check(minted.accessToken);
    const again = await other.tokens.refresh(minted.refreshToken!);
    if (!again.ok) throw new Error(again.reason);
    const { session } = await realm.tokens.check(again.accessToken);
    return session!;
  };
  const handle = adapterHandle(realm.sessions);
  expect(await handle.judgeAgain(await refreshed('ann'), 0, {})).toMatchObject({ ok: true });
  expect(await realm.sessions.revoke({ user: 'bob' }, { keep: await refreshed('bob') })).toMatchObject({
    revoked: true,
    notKept: null,
  });
  const kept = await realm.sessions.trigger('passwordChanged', { user: 'eve', keep: await refreshed('eve') });
  expect(kept).toMatchObject({ revoked: true, notKept: null, found: false });
  expect(await realm.sessions.renew(await refreshed('dan'))).toMatchObject({ ok: true });
  // A renewal by another process starts a new family of refresh tokens.
  const superseded = await refreshed('kim');
  await other.sessions.renew(superseded);
  expect(await handle.judgeAgain(superseded, 0, {})).toMatchObject({ ok: false, reason: 'superseded' });
  expect(await realm.sessions.renew(superseded)).toMatchObject({ ok: false, reason: 'not-live' });
});

test('a second verdict is no use of the session, and sees an old secret as the first one does', async () => {
  const realm = new Realm({ freshness: { maxStaleness: '5m' } });
  const other = new Realm({}, realm.store);
  await realm.sessions.setup();
  const { token } = await realm.signIn();
  await realm.word(token);
  pass(2 * 60 * SECOND, realm);
  const heard = realm.hear('session.refused', 'session.suspicious');
  realm.around = (call, ask) => (call === 'touch' ? undefined : ask());
  const { session } = await realm.sessions.check(token);
  await settle();
  realm.calls.length = 0;
  const handle = adapterHandle(realm.sessions);
  await handle.judgeAgain(session!, 0, {});
  await settle();
  expect(realm.calls).not.toContain('touch');
  realm.around = (_, ask) => ask();
  for (let nth = 0; nth < 2; nth++) {
    await realm.word(token);
    await settle();
  }
  const { session: mine } = await realm.sessions.check(token);
  await other.sessions.renew(mine!);
  await handle.judgeAgain(mine!, 0, { ip: '192.0.2.7' });
  expect(heard).toMatchObject([
    { type: 'session.refused', reason: 'superseded', device: { ip: '192.0.2.7' } },
    { type: 'session.suspicious', sign: 'superseded-token' },
  ]);
});

const DENIALS: Readonly<
  Record<string, readonly [(realm: GuardedRealm) => Promise<{ readonly effectiveWithin: number }>, string]>
> = {
  'the user is revoked': [({ sessions }) => sessions.revoke({ user: 'ann' }), 'revoked'],
  'the realm is revoked': [({ sessions }) => sessions.revoke({ realm: true }), 'revoked'],
  'the user is suspended': [({ sessions }) => sessions.suspend({ user: 'ann' }), 'suspended'],
  'the token is denied': [({ guard }) => guard.revoke({ jti: 'their token', issuer: ISSUER }), 'denied'],
  'its session is denied': [({ guard }) => guard.revoke({ sid: 'their session', issuer: ISSUER }), 'denied'],
};

test.each(Object.entries(DENIALS))(
  'where %s, a guard in this process refuses at once, and another one after maxStaleness',
  async (_, [act, word]) => {
    const realm = await GuardedRealm.open({}, FRESH);
    const other = await GuardedRealm.open({}, { ...FRESH, over: realm });
    for (const each of [realm, other]) {
      await each.sessions.setup();
      expect(await each.verdict()).toBe('passes');
      each.calls.length = 0;
      expect(await each.verdict()).toBe('passes');
      // Another token of the user needs another read.
      expect(await each.verdict({ jti: 'another' })).toBe('passes');
      expect(each.calls).toEqual(['readEpochs']);
    }
    expect((await act(realm)).effectiveWithin).toBe(SECOND);
    expect(await realm.verdict()).toBe(word);
    expect(await other.verdict()).toBe('passes');
    expect(await other.guard.check(claimsOf(), { maxStaleness: 0 })).toMatchObject({ ok: false, reason: word });
    pass(SECOND + 1, realm, other);
    expect(await other.verdict()).toBe(word);
  },
);

test('a guard refuses a maxStaleness that is higher than that of the realm, and other options', async () => {
  const realm = await GuardedRealm.open({}, FRESH);
  await expect(realm.guard.check(claimsOf(), { maxStaleness: '2s' })).rejects.toThrow(
    /^guard\.check\(claims\): maxStaleness is 2000 ms, and a check can only lower/,
  );
  await expect(realm.guard.check(claimsOf(), { maxAge: 1 } as never)).rejects.toThrow(TypeError);
});
