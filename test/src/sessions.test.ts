import { adapterHandle } from 'session-revocation/adapter';
import { expect, test } from 'vitest';
import { createSessions, type SessionStore, type Sessions, type SessionsOptions } from '../../src/index.ts';
import { ReferenceStore } from '../model/reference-store.ts';

const [HOUR, NOW] = [3600e3, 1.8e12];
function open(options: Partial<SessionsOptions> = {}, store: SessionStore = new ReferenceStore()) {
  const clock = { time: NOW, now: () => clock.time };
  return { clock, store, sessions: createSessions({ store, clock, ...options }) };
}
async function signIn(sessions: Sessions, who: { user: string; account?: string }) {
  const started = await sessions.start({ ...who, fence: await sessions.fence(who) });
  if (!started.ok) throw new Error(started.reason);
  return started;
}
const word = async (sessions: Sessions, token: string) => {
  const verdict = await sessions.check(token);
  return verdict.ok ? 'live' : verdict.reason;
};

test('resuming what is not suspended (a retried resume) signs nobody out', async () => {
  const { sessions } = open();
  await sessions.suspend({ realm: true });
  await sessions.resume({ realm: true });
  const { token } = await signIn(sessions, { user: 'ann' });
  expect(await sessions.resume({ realm: true })).toMatchObject({ revoked: false, reason: 'not-suspended' });
  expect(await word(sessions, token)).toBe('live');
});

test('a token of another realm on the same store is unknown, and tells nothing of either realm', async () => {
  const store = new ReferenceStore();
  const [a, b] = [open({ realm: 'a' }, store).sessions, open({ realm: 'b' }, store).sessions];
  const { token } = await signIn(a, { user: 'ann' });
  await signIn(b, { user: 'bob' });
  await b.revoke({ realm: true }, { by: 'admin of b' });
  expect(await b.check(token)).toMatchObject({ reason: 'unknown', end: null });
});

test('a clock that tells no time accepts nothing', async () => {
  const { sessions, clock } = open();
  const { token } = await signIn(sessions, { user: 'ann' });
  clock.time = Number.NaN;
  await expect(sessions.check(token)).rejects.toThrow(/: clock.now\(\) gave NaN/);
});

test('{ user: undefined, account } is misuse, not a revocation of the whole account', async () => {
  const { sessions } = open();
  const { token } = await signIn(sessions, { user: 'bob', account: 'acme' });
  await expect(sessions.revoke({ user: undefined, account: 'acme' } as never)).rejects.toThrow(TypeError);
  expect(await word(sessions, token)).toBe('live');
});

test('signing out through a process whose clock is ahead ends the session everywhere', async () => {
  const lifetime = { absolute: '1d', idle: null } as const;
  const store = new ReferenceStore();
  const [slow, fast] = [open({ lifetime }, store), open({ lifetime }, store)];
  const { token, session } = await signIn(slow.sessions, { user: 'ann' });
  slow.clock.time = NOW + 23.5 * HOUR;
  fast.clock.time = NOW + 24.5 * HOUR;
  await fast.sessions.end(session.id, { user: 'ann' });
  expect(await word(slow.sessions, token)).not.toBe('live');
});

test('a fence of as many kinds as there may be is taken back', async () => {
  const kindsOf = (count: number) => {
    return Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`kind-with-a-very-long-name-${at + 1000}`, {}]),
    );
  };
  const kinds = kindsOf(64);
  const { sessions } = open({ kinds });
  const who = { user: 'ann', account: 'acme' };
  for (const scope of [{ user: 'ann' }, who, { account: 'acme' }, { realm: true as const }]) {
    await sessions.revoke(scope, { kinds: Object.keys(kinds) });
  }
  await signIn(sessions, who);
  expect(() => open({ kinds: kindsOf(65) })).toThrow(/: kinds has more than 64/);
});

test.each([
  { user: 'ann', account: null },
  { user: 'ann', account: undefined },
  { account: undefined },
  { realm: undefined, user: 'ann' },
])('%o is misuse: what is missing must not widen a revocation', async (scope) => {
  const { sessions } = open();
  await expect(sessions.revoke(scope as never)).rejects.toThrow(
    /^sessions\.revoke\(scope\): the \w+ of the scope is (undefined|null)/,
  );
});

test.each(['keep', 'ifLive'] as const)(
  '%s of null is misuse: whoever is signed out must not sign others out',
  async (name) => {
    const { sessions } = open();
    const { token } = await signIn(sessions, { user: 'ann' });
    const { session } = await sessions.check('none');
    await expect(sessions.revoke({ user: 'ann' }, { [name]: session })).rejects.toThrow(
      new RegExp(`: ${name} must be the session`),
    );
    expect(await word(sessions, token)).toBe('live');
  },
);

test('OPS-4: a report of a refused request is told in harmless words of at most 256 characters', () => {
  const { sessions } = open();
  const told: unknown[] = [];
  sessions.on('request.refused', (event) => told.push(event));
  const device = adapterHandle(sessions).describe({ ip: '192.0.2.7' });
  const report = { reason: 'forbidden', action: 'end', by: 'bob', user: 'ann', account: null, device } as const;
  adapterHandle(sessions).report(report);
  adapterHandle(sessions).report({
    ...report,
    action: `a\nb${'x'.repeat(9999)}`,
    user: '\ud800',
    by: '',
    account: 'a\u2028b',
  });
  expect(told).toEqual([
    { ...report, detail: null, type: 'request.refused', realm: 'default', at: NOW },
    expect.objectContaining({ action: `ab${'x'.repeat(253)}`, user: '\ufffd', by: null, account: 'ab' }),
  ]);
});

test.each(['no reason', undefined])('a report with the reason %j is misuse, and emits nothing', (reason) => {
  const { sessions } = open();
  const told: unknown[] = [];
  sessions.on('request.refused', (event) => told.push(event));
  const report = { reason, action: 'end', by: null, user: null, account: null, device: null } as never;
  expect(() => adapterHandle(sessions).report(report)).toThrow(/: reason is .*; allowed are 'forbidden' and 'cross-or/);
  expect(told).toEqual([]);
});

test('a token names its user and its account, and no other', async () => {
  const { sessions } = open();
  const handle = adapterHandle(sessions);
  const { token } = await signIn(sessions, { user: 'ann', account: 'acme' });
  const { token: own } = await signIn(sessions, { user: 'ann' });
  expect(handle.isTokenOf(token, 'ann')).toBe(true);
  expect(handle.isTokenOf(token, 'ann', 'acme')).toBe(true);
  expect(handle.isTokenOf(token, 'ann', 'beta')).toBe(false);
  expect(handle.isTokenOf(token, 'ann', null)).toBe(false);
  expect(handle.isTokenOf(token, 'bob')).toBe(false);
  expect(handle.isTokenOf(token, 'bob', 'acme')).toBe(false);
  expect(handle.isTokenOf(own, 'ann', null)).toBe(true);
  expect(handle.isTokenOf(own, 'ann', 'acme')).toBe(false);
  for (const none of ['', 'a token', null, undefined]) expect(handle.isTokenOf(none, 'ann')).toBe(false);
});

test('setup is that of the store, and fails with it; a store may have none', async () => {
  const store = new ReferenceStore();
  let calls = 0;
  const setup = async (): Promise<void> => {
    calls++;
    if (calls === 2) throw new Error('no tables');
  };
  const { sessions } = open({}, Object.assign(store, { setup }));
  await sessions.setup();
  expect(calls).toBe(1);
  await expect(sessions.setup()).rejects.toThrow();
  const without = Object.assign(new ReferenceStore(), { setup: undefined }) as unknown as SessionStore;
  await expect(open({}, without).sessions.setup()).resolves.toBe(undefined);
});
