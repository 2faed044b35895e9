import { describe, expect, test } from 'vitest';
import {
  advanceEpoch,
  type Change,
  type Coverage,
  type EpochRecord,
  forgetMarks,
  formatEpoch,
  generation,
  holds,
  holdsUser,
  isCovered,
  type KeptSession,
  newEpoch,
  parseEpoch,
  scopeState,
} from '../../src/epoch.ts';
import { fc } from './support/fast-check.ts';

const NOW = 1_800_000_000_000;
const MARK = { at: NOW, by: 'admin', reason: 'lost phone', from: 'Safari on iOS' };
const ALL: Coverage = { except: [] };

const change = (changes: Partial<Change> = {}): Change => ({ covers: ALL, mark: MARK, ...changes });

function advance(record: EpochRecord, changes?: Partial<Change>, member: string | null = null, now = NOW): EpochRecord {
  const next = advanceEpoch(record, member, change(changes), now);
  if (next === null) throw new Error('the session to keep is not live');
  return next;
}

// A session as it is born under a record.
function born(record: EpochRecord, id: string, kind = 'browser', accountTag: string | null = null): KeptSession {
  const user = generation(record, kind);
  const member = accountTag === null ? null : generation(scopeState(record, accountTag), kind);
  return { id, kind, accountTag, stamps: { realm: 'r', user, account: accountTag === null ? null : 'a', member } };
}

describe('a new record', () => {
  test('has one generation for every kind and membership', () => {
    const record = newEpoch(NOW);
    expect(generation(record, 'browser')).toBe(generation(record, 'whatever'));
    expect(generation(scopeState(record, 'acme'), 'browser')).toBe(record.initial);
    expect(record).toMatchObject({ counter: NOW, last: null, suspended: null });
  });

  test('is never mistaken for the one that was lost: another incarnation at the same time', () => {
    expect(generation(newEpoch(NOW), 'browser')).not.toBe(generation(newEpoch(NOW), 'browser'));
  });
});

describe('advance', () => {
  test('of all kinds ends every kind, also one that nobody listed', () => {
    const record = newEpoch(NOW);
    const next = advance(record);
    for (const kind of ['browser', 'api', 'of-tomorrow']) {
      expect(holds(next, kind, 'x', generation(record, kind))).toBe(false);
      expect(holds(next, kind, 'x', generation(next, kind))).toBe(true);
    }
  });

  test('of named kinds leaves the others', () => {
    const record = advance(newEpoch(NOW), { covers: { only: ['mcp'] } });
    const next = advance(record, { covers: { only: ['api'] } });
    expect(next.kinds.mcp).toBe(record.kinds.mcp);
    expect(next.base).toBe(record.base);
    expect(next.kinds.api).not.toBe(record.base);
  });

  test('of all but some re-lists those at their present generation, and forgets the entries of the others', () => {
    const record = advance(newEpoch(NOW), { covers: { only: ['api', 'mcp'] } });
    const next = advance(record, { covers: { except: ['api', 'remembered'] } });
    expect(next.kinds).toEqual({ api: record.kinds.api, remembered: record.base });
    expect(generation(next, 'mcp')).toBe(next.base);
  });

  test('gives a new generation within the same millisecond, and with a clock that went back', () => {
    let record = newEpoch(NOW);
    const seen = new Set([record.base]);
    for (const now of [NOW, NOW, NOW - 3_600_000, NOW + 5, NOW + 5]) {
      const before = record.counter;
      record = advance(record, {}, null, now);
      expect(record.counter).toBe(Math.max(before + 1, now));
      expect(seen.has(record.base)).toBe(false);
      seen.add(record.base);
    }
  });

  test('tells when, by whom and why, of the scope that it was of', () => {
    const record = advance(newEpoch(NOW), {}, 'acme');
    expect(record.last).toBeNull();
    expect(scopeState(record, 'acme').last).toEqual(MARK);
    expect(scopeState(record, 'beta').last).toBeNull();
    expect(advance(record).last).toEqual(MARK);
  });

  test('writes nothing into the record that it was given, and its own is frozen through', () => {
    const record = newEpoch(NOW);
    const before = structuredClone(record);
    const next = advance(record, { keep: born(record, 'mine') }, null);
    expect(record).toEqual(before);
    for (const part of [next, next.kinds, next.keep, next.keep.browser, next.members, next.last]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('members', () => {
  test('an advance of one leaves the user and the other memberships', () => {
    const record = newEpoch(NOW);
    const inAcme = born(record, 'a', 'browser', 'acme');
    const inBeta = born(record, 'b', 'browser', 'beta');
    const inNone = born(record, 'n');
    const next = advance(record, {}, 'acme');
    expect([inAcme, inBeta, inNone].map((session) => holdsUser(next, session))).toEqual([false, true, true]);
  });

  test('an advance of the user ends those of every membership', () => {
    const record = advance(newEpoch(NOW), {}, 'acme');
    const sessions = ['acme', 'beta'].map((account) => born(record, account, 'browser', account));
    expect(sessions.map((session) => holdsUser(advance(record), session))).toEqual([false, false]);
  });

  test('share the counter of the user, so that no two generations are alike', () => {
    let record = newEpoch(NOW);
    const seen = new Set([record.base]);
    for (const member of ['acme', null, 'beta', 'acme', null]) {
      record = advance(record, {}, member);
      const { base } = scopeState(record, member);
      expect(seen.has(base)).toBe(false);
      seen.add(base);
    }
  });
});

describe('keep', () => {
  test('spares the one session, and another of its id with another stamp is an impostor', () => {
    const record = newEpoch(NOW);
    const [mine, other] = [born(record, 'mine'), born(record, 'other')];
    const next = advance(record, { keep: mine });
    expect([holdsUser(next, mine), holdsUser(next, other)]).toEqual([true, false]);
    expect(holds(next, 'browser', 'mine', `${mine.stamps.user}x`)).toBe(false);
    expect(holds(next, 'api', 'mine', mine.stamps.user)).toBe(false);
  });

  test('keeps who was kept already, by the stamp that the session bears', () => {
    const record = newEpoch(NOW);
    const mine = born(record, 'mine');
    const twice = advance(advance(record, { keep: mine }), { keep: mine });
    expect(twice.keep.browser).toEqual({ id: 'mine', from: mine.stamps.user });
    expect(holdsUser(twice, mine)).toBe(true);
  });

  test('is dropped by the next advance of its kind, and of no other', () => {
    const record = newEpoch(NOW);
    const mine = born(record, 'mine');
    const kept = advance(record, { keep: mine });
    expect(holdsUser(advance(kept, { covers: { only: ['api'] } }), mine)).toBe(true);
    expect(holdsUser(advance(kept, { covers: { except: ['browser'] } }), mine)).toBe(true);
    expect(holdsUser(advance(kept, { covers: { only: ['browser'] } }), mine)).toBe(false);
    expect(holdsUser(advance(kept), mine)).toBe(false);
  });

  test('refuses a session that is not live under the record: nothing is advanced', () => {
    const record = newEpoch(NOW);
    const dead = born(record, 'dead', 'browser', 'acme');
    expect(advanceEpoch(advance(record), null, change({ keep: dead }), NOW)).toBeNull();
    expect(advanceEpoch(advance(record, {}, 'acme'), null, change({ keep: dead }), NOW)).toBeNull();
    expect(advanceEpoch(advance(record), 'acme', change({ keep: dead }), NOW)).toBeNull();
    expect(advanceEpoch(record, 'acme', change({ keep: born(record, 'no account') }), NOW)).toBeNull();
  });

  test('needs no entry where its kind is not covered', () => {
    const record = newEpoch(NOW);
    const mine = born(record, 'mine', 'api');
    expect(advance(record, { covers: { except: ['api'] }, keep: mine }).keep).toEqual({});
  });
});

describe('suspension', () => {
  test('stands until it is lifted, whatever is advanced meanwhile', () => {
    const suspended = advance(newEpoch(NOW), { suspend: true });
    expect(suspended.suspended).toEqual(MARK);
    expect(advance(suspended).suspended).toEqual(MARK);
    expect(advance(suspended, { suspend: false }).suspended).toBeNull();
  });

  test('of a member is not one of the user', () => {
    const record = advance(newEpoch(NOW), { suspend: true }, 'acme');
    expect([record.suspended, scopeState(record, 'acme').suspended]).toEqual([null, MARK]);
  });
});

// What sessions are live, told the slow way: by going through all of them.
describe('against a model that looks at every session', () => {
  const KINDS = ['browser', 'api', 'mcp'];
  const ACCOUNTS = [null, 'acme', 'beta'];
  const kinds = fc.subarray(KINDS);
  const step = fc.oneof(
    fc.record({ start: fc.constantFrom(...KINDS), account: fc.constantFrom(...ACCOUNTS) }),
    fc.record({
      member: fc.constantFrom(...ACCOUNTS),
      covers: fc.oneof(
        kinds.map((only) => ({ only })),
        kinds.map((except) => ({ except })),
      ),
      keep: fc.option(fc.nat(), { nil: undefined }),
      clock: fc.integer({ min: -3_600_000, max: 3_600_000 }),
    }),
  );

  test('every session is live exactly when the model says so', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let record = newEpoch(NOW);
        const sessions: (KeptSession & { live: boolean })[] = [];
        for (const one of steps) {
          if ('start' in one) {
            sessions.push({ ...born(record, `${sessions.length}`, one.start, one.account), live: true });
            continue;
          }
          const { member, covers, clock } = one;
          const inScope = (session: KeptSession): boolean => member === null || session.accountTag === member;
          const asked =
            one.keep === undefined || sessions.length === 0 ? undefined : sessions[one.keep % sessions.length];
          const keep = asked !== undefined && inScope(asked) ? asked : undefined;
          const next = advanceEpoch(record, member, change({ covers, keep }), NOW + clock);
          expect(next === null).toBe(keep !== undefined && !keep.live);
          if (next === null) continue;
          for (const session of sessions) {
            if (inScope(session) && isCovered(covers, session.kind) && session !== keep) session.live = false;
          }
          record = parseEpoch(formatEpoch(next));
        }
        for (const session of sessions) expect(holdsUser(record, session)).toBe(session.live);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a record without its marks', () => {
  const marksOf = (record: EpochRecord): unknown[] =>
    [record, ...Object.values(record.members)].flatMap(({ last, suspended }) => [last, suspended]);

  test('tells when, and no longer by whom, why and from where, in every membership', () => {
    const full = advance(advance(advance(newEpoch(NOW), { suspend: true }), {}, 'acme'), { suspend: true }, 'beta');
    expect(marksOf(full).filter((mark) => mark !== null)).toEqual(Array(5).fill(MARK));
    const nobody = { at: NOW, by: null, reason: null, from: null };
    expect(marksOf(forgetMarks(full)).filter((mark) => mark !== null)).toEqual(Array(5).fill(nobody));
  });

  test('holds and keeps what it held, and is suspended where it was', () => {
    const record = newEpoch(NOW);
    const [mine, other] = [born(record, 'mine', 'browser', 'acme'), born(record, 'other')];
    const before = advance(record, { keep: mine, suspend: true });
    const after = forgetMarks(before);
    expect([mine, other].map((session) => holdsUser(after, session))).toEqual([true, false]);
    const { last, suspended, ...rest } = after;
    expect(suspended).not.toBeNull();
    expect({ ...rest, last: before.last, suspended: before.suspended }).toEqual(before);
    expect(Object.isFrozen(last)).toBe(true);
  });

  test('stays without marks where it had none', () => {
    const record = newEpoch(NOW);
    expect(forgetMarks(record)).toEqual(record);
  });
});

describe('as text', () => {
  test('a record comes back as it was, frozen, and the same text is the same record', () => {
    const record = newEpoch(NOW);
    const full = advance(advance(record, { keep: born(record, 'mine') }), { suspend: true }, 'acme');
    const text = formatEpoch(full);
    expect(parseEpoch(text)).toEqual(full);
    expect(parseEpoch(text)).toBe(parseEpoch(text));
    expect(Object.isFrozen(parseEpoch(text).members)).toBe(true);
  });

  test('of something else is an error, never a record', () => {
    const { counter, ...rest } = newEpoch(NOW);
    for (const value of [null, 1, 'x', [], {}, rest, { ...rest, counter: '1' }, { ...rest, counter, kinds: null }]) {
      expect(() => parseEpoch(JSON.stringify(value))).toThrow(Error);
    }
    expect(() => parseEpoch('')).toThrow(SyntaxError);
  });

  test('many records are remembered without end to the memory: what was forgotten is parsed again', () => {
    const first = formatEpoch(newEpoch(NOW));
    const parsed = parseEpoch(first);
    for (let at = 0; at < 5000; at++) parseEpoch(formatEpoch(newEpoch(at)));
    expect(parseEpoch(first)).toEqual(parsed);
    expect(parseEpoch(first)).not.toBe(parsed);
  });
});
