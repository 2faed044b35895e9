import { createSessions, type Scope, type SessionStore } from 'session-revocation';
import { type GuardOptions, type TokenClaims, tokenGuard } from 'session-revocation/jwt';
import { expect, test } from 'vitest';
import { userTag } from '../../../../src/model/token.ts';
import { DAY, HOUR, MINUTE, NOW, SECOND } from '../../support/realm.ts';
import { claimsOf, ISSUER, SECONDS } from '../support/guarded.ts';
import { describeStores } from '../support/stores.ts';

let realms = 0;

await describeStores('the guard', (handles) => {
  /** Opens two processes of one app in a new realm, with a common clock. */
  function app(options: GuardOptions = {}) {
    const realm = `guarded ${++realms}`;
    const clock = { now: NOW };
    const open = (store: SessionStore) => {
      const sessions = createSessions({ timeout: '10m', clock: { now: () => clock.now }, realm, store });
      return { sessions, guard: tokenGuard(sessions, { account: ({ org }) => org as string | undefined, ...options }) };
    };
    const [one, other] = [open(handles().one), open(handles().other)];
    /** Returns the verdict of the other process. */
    const verdict = async (changes: TokenClaims = {}): Promise<string> => {
      const found = await other.guard.check(claimsOf({ org: 'acme', ...changes }));
      return found.ok ? 'passes' : found.reason;
    };
    return { clock, one, other, verdict };
  }

  test('setup by both at once, and a realm without it', async () => {
    const { one, other, verdict } = app({ maxAge: '100d' });
    expect(await verdict()).toBe('lost');
    await Promise.all([one.guard.setup(), other.guard.setup(), tokenGuard(one.sessions, { maxAge: '1d' }).setup()]);
    expect(await verdict()).toBe('passes');
    await one.guard.setup();
    expect(await verdict()).toBe('passes');
  });

  test.each<[string, Scope]>([
    ['user', { user: 'ann' }],
    ['member', { user: 'ann', account: 'acme' }],
    ['account', { account: 'acme' }],
    ['realm', { realm: true }],
  ])(
    'SES-12, SES-13: a revocation of the %s refuses what was authenticated before it, and in its second, in every process',
    async (_, scope) => {
      const { clock, one, verdict } = app({ issuerSkew: 0 });
      await one.guard.setup();
      const { sessions } = one;
      clock.now = NOW + 500;
      expect(await verdict({ auth_time: SECONDS })).toBe('passes');
      await sessions.revoke(scope);
      clock.now = NOW + 2 * SECOND;
      expect(await verdict({ auth_time: SECONDS - 1 })).toBe('revoked');
      expect(await verdict({ auth_time: SECONDS })).toBe('revoked');
      expect(await verdict({ auth_time: SECONDS + 1 })).toBe('passes');
      await sessions.suspend(scope);
      expect(await verdict({ auth_time: SECONDS + 2 })).toBe('suspended');
    },
  );

  test('a token is denied, and its session, and no others', async () => {
    const { one, other, verdict } = app();
    await one.guard.setup();
    const token = { jti: 'their token', issuer: ISSUER } as const;
    const done = await Promise.all([one.guard.revoke(token), other.guard.revoke(token)]);
    expect(done.map(({ revoked }) => revoked).sort()).toEqual([false, true]);
    expect([await verdict(), await verdict({ jti: 'another' })]).toEqual(['denied', 'passes']);
    await one.guard.revoke({ sid: 'their session', issuer: ISSUER }, { by: 'admin' });
    expect([await verdict({ jti: 'another' }), await verdict({ sid: 'another', jti: 'another' })]).toEqual([
      'denied',
      'passes',
    ]);
  });

  test('signing out others spares the tokens of one session, until the next revocation', async () => {
    const { clock, one, other, verdict } = app();
    await one.guard.setup();
    const asked = await Promise.all([
      one.guard.signOutOthers(claimsOf()),
      other.guard.signOutOthers(claimsOf({ sid: 'another session' })),
    ]);
    // The first commit also refuses the second caller's token, so the second call does nothing.
    expect(asked.map(({ revoked }) => revoked).sort()).toEqual([false, true]);
    const verdicts = [await verdict(), await verdict({ sid: 'another session' })];
    expect(verdicts.sort()).toEqual(['passes', 'revoked']);
    clock.now += MINUTE;
    await other.sessions.revoke({ user: 'ann' });
    expect([await verdict(), await verdict({ sid: 'another session' })]).toEqual(['revoked', 'revoked']);
  });

  test('JWT-11: what refuses is kept until no token that it met is accepted any more, and then removed', async () => {
    const { clock, one, other, verdict } = app({ maxAge: '100d', issuerSkew: 0 });
    await one.guard.setup();
    clock.now = NOW + 2 * HOUR;
    const auth_time = SECONDS + 2 * 3600;
    await one.sessions.revoke({ user: 'ann' });
    await one.guard.revoke({ jti: 'their token', issuer: ISSUER, expiresAt: clock.now + DAY });
    clock.now += DAY;
    await other.sessions.prune();
    expect(await verdict({ sub: 'bob' })).toBe('denied');
    clock.now += 99 * DAY;
    await other.sessions.prune();
    expect([await verdict({ auth_time }), await verdict({ sub: 'bob', auth_time })]).toEqual(['revoked', 'passes']);
    clock.now += 2 * HOUR + 10;
    await other.sessions.prune();
    expect(await handles().one.readEpochs([userTag(one.sessions.realm, 'ann')])).toEqual([null]);
  });
});
