import {
  createSessions,
  type RenewResult,
  type Session,
  type SessionStore,
  type Sessions,
  type StartResult,
} from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { around } from '../../../src/testing/harness/wrappers.ts';
import { size } from '../../ci-only.ts';
import { DAY, HOUR, TestClock } from '../../frameworks/http/site.ts';
import { fc } from '../support/fast-check.ts';

const RUNS = size('federated: orders of a sign-in and a logout');
const ISSUER = 'https://id.example.org';
const OTHER = 'https://other.example.org';

interface Names {
  readonly issuer?: string;
  readonly sid?: string;
  readonly sub?: string;
}

interface SignIn extends Names {
  readonly user?: string;
  /** The fence of the provider, taken before. */
  readonly from?: string;
}

async function signIn(sessions: Sessions, { user = 'ann', issuer = ISSUER, sub = 'u0', sid, from }: SignIn) {
  const fence = from ?? (await sessions.fence({ issuer }));
  return sessions.start({ user, fence: await sessions.fence({ user }), federated: { issuer, sid, sub, fence } });
}

async function started(sessions: Sessions, names: SignIn) {
  const result = await signIn(sessions, names);
  if (!result.ok) throw new Error(result.reason);
  return result;
}

const tokenOf = (result: StartResult | RenewResult): string => {
  if (!result.ok) throw new Error(result.reason);
  return result.token;
};

const isLive = async (sessions: Sessions, token: string): Promise<boolean> => (await sessions.check(token)).ok;

function open() {
  const clock = new TestClock();
  const store = memoryStore();
  return { clock, store, sessions: createSessions({ store, clock }) };
}

describe('BCL-14: a session knows the session and the user at its provider', () => {
  test('in what start gives, in a check, and in lists', async () => {
    const { sessions } = open();
    const { session, token } = await started(sessions, { sid: 's1', sub: 'u1' });
    const federated = { issuer: ISSUER, sid: 's1', sub: 'u1' };
    expect(session.federated).toEqual(federated);
    expect((await sessions.check(token)).session?.federated).toEqual(federated);
    expect((await sessions.list({ user: 'ann' })).sessions[0]?.federated).toEqual(federated);
    const fence = await sessions.fence({ user: 'bob' });
    const plain = await sessions.start({ user: 'bob', fence });
    expect(plain.session?.federated).toBeNull();
  });
});

describe('BCL-9: what a logout ends', () => {
  async function crowd() {
    const { sessions } = open();
    const tokens = {
      phone: (await started(sessions, { sid: 's1', sub: 'u1' })).token,
      phoneAgain: (await started(sessions, { sid: 's1', sub: 'u1' })).token,
      laptop: (await started(sessions, { sid: 's2', sub: 'u1' })).token,
      asBob: (await started(sessions, { user: 'bob', sid: 's3', sub: 'u1' })).token,
      elsewhere: (await started(sessions, { issuer: OTHER, sid: 's1', sub: 'u1' })).token,
      another: (await started(sessions, { user: 'eve', sid: 's4', sub: 'u2' })).token,
      byPassword: tokenOf(await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) })),
    };
    const live = async (): Promise<string[]> => {
      const found = await Promise.all(
        Object.entries(tokens).map(async ([name, token]) => ((await isLive(sessions, token)) ? name : [])),
      );
      return found.flat();
    };
    return { sessions, live };
  }

  test('by sid: the sessions that began from that one, and no other', async () => {
    const { sessions, live } = await crowd();
    const result = await sessions.endFederated({ issuer: ISSUER, sid: 's1' });
    expect(result).toEqual({ ended: 2, reason: null, effectiveWithin: 0 });
    expect(await live()).toEqual(['laptop', 'asBob', 'elsewhere', 'another', 'byPassword']);
  });

  test('by sub: all sessions of the user at that provider, of any user here; nothing of another provider', async () => {
    const { sessions, live } = await crowd();
    expect(await sessions.endFederated({ issuer: ISSUER, sub: 'u1' })).toMatchObject({ ended: 4, reason: null });
    expect(await live()).toEqual(['elsewhere', 'another', 'byPassword']);
  });

  test('by both: as by sid, if the session is of that user; else nothing', async () => {
    const { sessions, live } = await crowd();
    const all = await live();
    const wrong = await sessions.endFederated({ issuer: ISSUER, sid: 's1', sub: 'u2' });
    expect(wrong).toEqual({ ended: 0, reason: 'other-user', effectiveWithin: 0 });
    expect(await live()).toEqual(all);
    expect(await sessions.endFederated({ issuer: ISSUER, sid: 's1', sub: 'u1' })).toMatchObject({ ended: 2 });
  });

  test('BCL-10: again, or for an unknown session, ends nothing and is no error', async () => {
    const { sessions } = await crowd();
    await sessions.endFederated({ issuer: ISSUER, sid: 's1' });
    for (const names of [{ sid: 's1' }, { sid: 'unknown' }, { sub: 'unknown' }, { sid: 'x', sub: 'y' }]) {
      expect(await sessions.endFederated({ issuer: ISSUER, ...names })).toMatchObject({ ended: 0, reason: null });
    }
  });

  test('by both: a session of the user whose sid is unknown, too', async () => {
    const { sessions } = open();
    const { token } = await started(sessions, { sub: 'u1' });
    await sessions.endFederated({ issuer: ISSUER, sid: 's1', sub: 'u1' });
    expect(await isLive(sessions, token)).toBe(false);
  });

  test('a session at the provider stays its first user’s', async () => {
    const { sessions } = open();
    const { token } = await started(sessions, { sid: 's1', sub: 'u1' });
    const second = await signIn(sessions, { user: 'bob', sid: 's1', sub: 'u2' });
    expect(second).toMatchObject({ ok: false, reason: 'superseded' });
    await sessions.endFederated({ issuer: ISSUER, sid: 's1', sub: 'u1' });
    expect(await isLive(sessions, token)).toBe(false);
  });

  test('a session whose lifetime began anew, as long as it lives', async () => {
    const { sessions, clock } = open();
    const { session } = await started(sessions, { sid: 's1', sub: 'u1' });
    clock.advance(13 * DAY);
    let current = (await sessions.renew(session)) as { session: Session; token: string };
    for (let round = 0; round < 4; round++) {
      clock.advance(12 * DAY);
      const fence = await sessions.fence({ user: 'ann' });
      current = (await sessions.reauthenticate(current.session, { fence, amr: ['pwd'] })) as typeof current;
      await sessions.prune();
    }
    expect(await isLive(sessions, current.token)).toBe(true);
    expect(await sessions.endFederated({ issuer: ISSUER, sid: 's1' })).toMatchObject({ ended: 1 });
  });

  test('a thousand logouts of users at once', async () => {
    let advances = 0;
    const store = around(memoryStore(), async (verb, ask) => {
      if (verb === 'advance') advances++;
      await new Promise((resolve) => setImmediate(resolve));
      return ask();
    });
    const sessions = createSessions({ store });
    const { token } = await started(sessions, { sub: 'u7' });
    advances = 0;
    const logouts = Array.from({ length: 1_000 }, (_, nth) =>
      sessions.endFederated({ issuer: ISSUER, sub: `u${nth}` }),
    );
    await Promise.all(logouts);
    expect(await isLive(sessions, token)).toBe(false);
    // One for each user, and few for the provider: a logout that waits shares the next one.
    expect(advances).toBeLessThan(1_100);
  });

  test('more sessions than one page', async () => {
    const { sessions } = open();
    for (let nth = 0; nth < 620; nth++) await started(sessions, { sid: `s${nth}`, sub: 'u1' });
    expect(await sessions.endFederated({ issuer: ISSUER, sub: 'u1' })).toMatchObject({ ended: 620 });
  });

  test('a session that moved to an account, has a refresh token, or a new secret, ends too', async () => {
    const { sessions } = open();
    const { session } = await started(sessions, { sid: 's1' });
    const fence = await sessions.fence({ user: 'ann', account: 'acme' });
    const moved = await sessions.renew(session, { account: 'acme', fence });
    expect(moved.ok && moved.session.federated).toEqual({ issuer: ISSUER, sid: 's1', sub: 'u0' });
    expect(await sessions.endFederated({ issuer: ISSUER, sid: 's1' })).toMatchObject({ ended: 1 });
    expect(await isLive(sessions, tokenOf(moved))).toBe(false);
  });

  test('the end is that of the button: a tombstone, an event and an entry of the log, with the reason', async () => {
    const clock = new TestClock();
    const sessions = createSessions({ store: memoryStore(), clock, audit: true });
    const events: unknown[] = [];
    sessions.on('session.ended', (event) => void events.push(event.reason));
    const { token } = await started(sessions, { sid: 's1' });
    await sessions.endFederated({ issuer: ISSUER, sid: 's1' }, { by: ISSUER, note: 'back-channel' });
    const ended = { by: ISSUER, reason: 'signed-out-at-provider' };
    expect(await sessions.check(token)).toMatchObject({ ok: false, end: { reason: 'ended', ended } });
    expect(events).toEqual(['signed-out-at-provider']);
    const { entries } = await sessions.audit({ user: 'ann', types: ['session.ended'] });
    expect(entries).toMatchObject([{ ...ended, note: 'back-channel' }]);
  });
});

describe('a logout that overtakes the sign-in wins', () => {
  test('by sid, for as long as such a sign-in may arrive', async () => {
    const { sessions, clock } = open();
    const from = await sessions.fence({ issuer: ISSUER });
    await sessions.endFederated({ issuer: ISSUER, sid: 's1', sub: 'u1' });
    clock.advance(3 * HOUR);
    await sessions.prune();
    expect(await signIn(sessions, { sid: 's1', sub: 'u1', from })).toMatchObject({ ok: false, reason: 'superseded' });
    clock.advance(HOUR);
    await sessions.prune();
    expect(await signIn(sessions, { sid: 's1', from })).toMatchObject({ ok: false, reason: 'superseded' });
  });

  test('by sub: a sign-in that began before is refused, one that began afterwards is not; clocks do not matter', async () => {
    const { sessions, clock } = open();
    const before = await sessions.fence({ issuer: ISSUER });
    clock.advance(-DAY);
    await sessions.endFederated({ issuer: ISSUER, sub: 'u1' });
    const after = await sessions.fence({ issuer: ISSUER });
    await sessions.endFederated({ issuer: ISSUER, sub: 'another' });
    expect(await signIn(sessions, { sub: 'u1', sid: 's9', from: before })).toMatchObject({ reason: 'superseded' });
    expect(await signIn(sessions, { sub: 'u1', sid: 's9', from: after })).toMatchObject({ ok: true });
    expect(await signIn(sessions, { sub: 'u2', sid: 's8', from: before })).toMatchObject({ ok: true });
  });

  test('with a lost record of the provider, sign-ins that are under way are refused after a logout', async () => {
    const { sessions, store } = open();
    const from = await sessions.fence({ issuer: ISSUER });
    const anew = createSessions({ store: memoryStore() });
    await anew.endFederated({ issuer: ISSUER, sub: 'u1' });
    expect(await signIn(anew, { sub: 'u1', from })).toMatchObject({ ok: false, reason: 'superseded' });
    expect(store).toBeDefined();
  });

  test('in any interleaving of a sign-in and a logout, no session is left', async () => {
    const names = { sid: 's1', sub: 'u1' };
    const logouts = fc.constantFrom({ sid: 's1' }, { sub: 'u1' }, { sid: 's1', sub: 'u1' });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(logouts, { minLength: 1, maxLength: 2 }), async (scheduler, ends) => {
        const inner = memoryStore();
        const sessions = createSessions({ store: slowed(inner, scheduler), timeout: '1m' });
        const direct = createSessions({ store: inner });
        const from = await direct.fence({ issuer: ISSUER });
        const bystander = await started(direct, { user: 'bob', sid: 's2', sub: 'u2' });
        const [start] = await scheduler.waitFor(
          Promise.all([
            signIn(sessions, { ...names, from }),
            ...ends.map((logout) => sessions.endFederated({ issuer: ISSUER, ...logout })),
          ]),
        );
        if (start.ok) expect(await isLive(direct, start.token)).toBe(false);
        else refused++;
        expect((await direct.list({ user: 'ann' })).sessions).toEqual([]);
        expect(await isLive(direct, bystander.token)).toBe(true);
      }),
      { numRuns: RUNS },
    );
    // Both orders occurred.
    expect(refused).toBeGreaterThan(RUNS / 20);
    expect(refused).toBeLessThan(RUNS);
  });
});

/** A store in which each call waits for its turn before and after. */
const slowed = (store: SessionStore, scheduler: fc.Scheduler): SessionStore =>
  around(store, async (verb, ask) => {
    await scheduler.schedule(Promise.resolve(), `${verb} begins`);
    const answer = await ask();
    await scheduler.schedule(Promise.resolve(), `${verb} answers`);
    return answer;
  });

describe('mistakes', () => {
  const bad: [string, object, string][] = [
    ['no sub', { issuer: ISSUER, sid: 's', fence: 'x' }, 'federated.sub is missing'],
    ['no issuer', { sub: 'u', fence: 'x' }, 'issuer must be a string'],
    ['no fence', { issuer: ISSUER, sub: 'u' }, 'federated.fence is missing'],
    ['another text', { issuer: ISSUER, sub: 'u', fence: 'x' }, 'is another text'],
    ['no object', 'sid' as never, 'federated must be'],
    ['an unknown option', { issuer: ISSUER, sid: 's', session: 's' }, 'unknown option "session"'],
  ];
  test.each(bad)('%s', async (_, federated, message) => {
    const { sessions } = open();
    const fence = await sessions.fence({ user: 'ann' });
    await expect(sessions.start({ user: 'ann', fence, federated: federated as never })).rejects.toThrow(message);
  });

  test('a logout without a session and a user', async () => {
    const { sessions } = open();
    await expect(sessions.endFederated({ issuer: ISSUER })).rejects.toThrow('sid and sub are missing');
  });

  test('a fence of another provider, or of a user', async () => {
    const { sessions } = open();
    const fence = await sessions.fence({ issuer: OTHER });
    await expect(signIn(sessions, { sid: 's', from: fence })).rejects.toThrow('another issuer or realm');
    const user = await sessions.fence({ user: 'ann' });
    await expect(signIn(sessions, { sid: 's', from: user })).rejects.toThrow('is another text');
  });

  test('a fence that is too old refuses', async () => {
    const { sessions, clock } = open();
    const from = await sessions.fence({ issuer: ISSUER });
    clock.advance(3 * HOUR + 1);
    expect(await signIn(sessions, { sid: 's', from })).toMatchObject({ ok: false, reason: 'superseded' });
  });

  test('one user of the provider for more than 100 users', async () => {
    const { sessions } = open();
    for (let nth = 0; nth < 100; nth++) await started(sessions, { user: `user-${nth}`, sub: 'service' });
    await expect(signIn(sessions, { user: 'one-more', sub: 'service' })).rejects.toThrow('more than 100 users');
  });
});
