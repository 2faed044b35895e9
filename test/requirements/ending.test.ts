import { createSessions, type Session, type Sessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { DAY, TestClock } from '../frameworks/http/site.ts';
import { judge, openRealm, signIn } from './realm.ts';

const MEMBER = { user: 'alice', account: 'acme' };

describe('SES-12: after its end a session is refused by every process at the next question', () => {
  const ENDINGS: Readonly<Record<string, (sessions: Sessions, id: string, clock: TestClock) => unknown>> = {
    ended: (sessions, id) => sessions.end(id, { user: 'alice' }),
    'revoked: its user': (sessions) => sessions.revoke({ user: 'alice' }),
    'revoked: its member': (sessions) => sessions.revoke(MEMBER),
    'revoked: its account': (sessions) => sessions.revoke({ account: 'acme' }),
    'revoked: its realm': (sessions) => sessions.revoke({ realm: true }),
    'revoked: its kind': (sessions) => sessions.revoke({ user: 'alice' }, { kinds: ['browser'] }),
    'revoked: suspended': (sessions) => sessions.suspend({ user: 'alice' }),
    expired: (_sessions, _id, clock) => clock.advance(30 * DAY),
  };

  test.each(Object.entries(ENDINGS))('%s', async (name, finish) => {
    const store = memoryStore();
    const clock = new TestClock();
    const [here, there] = [createSessions({ store, clock }), createSessions({ store, clock })];
    const { token, session } = await signIn(here, MEMBER);
    expect(await judge(there, token)).toBe('live');
    await finish(here, session.id, clock);
    const reason = name.split(':', 1)[0];
    expect([await judge(there, token), await judge(here, token)]).toEqual([reason, reason]);
    expect(await there.renew(session)).toMatchObject({ ok: false, reason: 'not-live' });
  });
});

describe('SES-15: one call ends all sessions of a disabled user', () => {
  test('of every kind and account, and nothing starts until the user is enabled again', async () => {
    const { sessions } = openRealm({ kinds: { api: { survives: ['user', 'member'] } } });
    const tokens = [];
    for (const kind of ['browser', 'remembered', 'api', 'mcp']) {
      tokens.push((await signIn(sessions, { user: 'alice', kind })).token);
      tokens.push((await signIn(sessions, { ...MEMBER, kind })).token);
    }
    const before = await sessions.fence({ user: 'alice' });
    await sessions.suspend({ user: 'alice' }, { by: 'admin', reason: 'left' });
    for (const token of tokens) expect(await judge(sessions, token)).toBe('revoked');

    for (const request of [{ user: 'alice' }, MEMBER]) {
      const fence = await sessions.fence(request);
      expect(await sessions.start({ ...request, fence })).toMatchObject({ ok: false, reason: 'suspended' });
    }
    await sessions.resume({ user: 'alice' });
    expect(await sessions.start({ user: 'alice', fence: before })).toMatchObject({ ok: false, reason: 'superseded' });
    expect(await judge(sessions, (await signIn(sessions)).token)).toBe('live');
  });
});

describe('SES-7: a change of privileges gives the one who is signed in a new secret, and ends the others', () => {
  test.each(['roleChanged', 'passwordChanged', 'emailChanged', 'secondFactorChanged'] as const)('%s', async (name) => {
    const { sessions } = openRealm();
    const [mine, other] = [await signIn(sessions, MEMBER), await signIn(sessions, MEMBER)];
    const result = await sessions.trigger(name, { ...MEMBER, keep: mine.session });
    expect([await judge(sessions, mine.token), await judge(sessions, other.token)]).toEqual(['superseded', 'revoked']);
    expect(await judge(sessions, result.token ?? '')).toBe('live');
    expect(result.kept).toMatchObject({ id: mine.session.id, expiresAt: mine.session.expiresAt });
  });

  test('also where somebody with the old secret asked: then everybody is signed out', async () => {
    const { sessions } = openRealm();
    const mine = await signIn(sessions, MEMBER);
    const renewed = await sessions.renew(mine.session);
    const result = await sessions.trigger('roleChanged', { ...MEMBER, keep: mine.session });
    expect(result).toMatchObject({ revoked: true, notKept: 'not-live' });
    expect(await judge(sessions, renewed.ok ? renewed.token : '')).toBe('revoked');
  });
});

test.each<[string, (sessions: Sessions, keep: Session) => Promise<{ readonly token: string | null }>]>([
  ['by the trigger', (sessions, keep) => sessions.trigger('secondFactorChanged', { user: 'alice', keep })],
  ['by hand', (sessions, keep) => sessions.revoke({ user: 'alice' }, { keep })],
])('SES-16: after a change of factors all others end, and this one goes on under a new secret: %s', async (_, act) => {
  const { sessions } = openRealm();
  const [mine, other] = [await signIn(sessions), await signIn(sessions)];
  const result = await act(sessions, mine.session);
  expect(await judge(sessions, other.token)).toBe('revoked');
  expect(await judge(sessions, mine.token)).toBe('superseded');
  expect(await judge(sessions, result.token ?? '')).toBe('live');
});

describe('SES-17: an administrator ends the sessions of one user, or of all', () => {
  test.each([1, 200])('in the same number of writes for %d users', async (users) => {
    const { sessions, store } = openRealm();
    const tokens = [];
    for (let user = 0; user < users; user++) tokens.push((await signIn(sessions, { user: `user-${user}` })).token);
    store.forget();
    const result = await sessions.revoke({ realm: true }, { by: 'admin' });
    expect(result).toMatchObject({ revoked: true, effectiveWithin: 0 });
    // The call of `readEpochs` is for `effectiveWithin`.
    expect(store.calls).toEqual(['ensureEpochs', 'advance', 'readEpochs']);
    for (const token of tokens) expect(await judge(sessions, token)).toBe('revoked');
    expect(await judge(sessions, (await signIn(sessions)).token)).toBe('live');
  });

  test('after a look at whom it would end, and with who did it and why in the log', async () => {
    const { sessions } = openRealm({ audit: true });
    const { token } = await signIn(sessions);
    const dry = await sessions.revoke({ realm: true }, { dryRun: true });
    expect('wouldEnd' in dry ? dry.wouldEnd.sessions.map(({ user }) => user) : []).toEqual(['alice']);
    expect(await judge(sessions, token)).toBe('live');
    await sessions.revoke({ realm: true }, { by: 'admin', reason: 'breach', note: 'ticket 7' });
    const { entries } = await sessions.audit({ by: 'admin' });
    expect(entries).toMatchObject([{ type: 'sessions.revoked', scope: 'realm', reason: 'breach', note: 'ticket 7' }]);
  });
});

describe('SES-20: the number of a user’s sessions', () => {
  test.each(['end-oldest', 'refuse'] as const)('is held against sign-ins at the same time: %s', async (overflow) => {
    const { sessions } = openRealm({ limit: { perUser: 3, overflow } });
    const fence = await sessions.fence({ user: 'alice' });
    const results = await Promise.all(Array.from({ length: 12 }, () => sessions.start({ user: 'alice', fence })));
    const started = results.filter(({ ok }) => ok);
    expect(started).toHaveLength(overflow === 'refuse' ? 3 : 12);
    expect((await sessions.list({ user: 'alice' })).sessions).toHaveLength(3);
    for (const { ok, ...refused } of results) if (!ok) expect(refused).toMatchObject({ reason: 'limit' });
  });
});

test('SES-24: nothing makes a session but a sign-in, and that needs its fence', async () => {
  const { sessions, store } = openRealm();
  const { session, token } = await signIn(sessions);
  store.forget();
  await sessions.check(token);
  await sessions.renew(session);
  await sessions.list({ user: 'alice' });
  await sessions.fence({ user: 'alice' });
  await sessions.revoke({ user: 'alice' });
  expect(store.calls).not.toContain('add');
  for (const fence of [undefined, '', 'fence1.', token, await sessions.fence({ user: 'bob' })]) {
    await expect(sessions.start({ user: 'alice', fence: fence as string })).rejects.toThrow(TypeError);
  }
});
