import { describe, expect, test } from 'vitest';
import {
  advanceEpoch,
  type Change,
  type Coverage,
  type EpochRecord,
  type Epochs,
  forgetMarks,
  generation,
  type HeldSession,
  holds,
  holdsUser,
  isCovered,
  newEpoch,
} from '../../../src/model/epoch.ts';
import { withAdopted, withGuarded } from '../../../src/model/epoch-notes.ts';
import { formatEpoch, parseEpoch } from '../../../src/store/codec.ts';
import { fc } from '../support/fast-check.ts';

const NOW = 1_800_000_000_000;
const MARK = { at: NOW, by: 'admin', reason: 'lost phone', fromDevice: 'Safari on iOS' };
const ALL: Coverage = { except: [] };

const change = (changes: Partial<Change> = {}): Change => ({ covers: ALL, mark: MARK, ...changes });

/** A change whose `keep` is a started session. */
type TestChange = Partial<Omit<Change, 'keep'>> & { readonly keep?: HeldSession | undefined };

/** The records of a user and of the user's memberships, by account. */
interface Records {
  readonly user: EpochRecord;
  readonly members: Readonly<Record<string, EpochRecord>>;
}

const newRecords = (): Records => ({ user: newEpoch(NOW), members: { acme: newEpoch(NOW), beta: newEpoch(NOW) } });

const recordsOf = ({ user, members }: Records, account: string | null): Pick<Epochs, 'user' | 'member'> => ({
  user,
  member: account === null ? null : (members[account] ?? null),
});

const isHeld = (records: Records, session: HeldSession): boolean =>
  holdsUser(recordsOf(records, session.accountTag), session);

/**
 * Advances the record of the user or of a membership, like a revocation. Returns `null` if the session to keep is not
 * live.
 */
function tryAdvance(
  records: Records,
  changes: TestChange = {},
  member: string | null = null,
  now = NOW,
): Records | null {
  const { keep, ...rest } = changes;
  if (keep !== undefined && !isHeld(records, keep)) return null;
  const stamp = member === null ? keep?.stamps.user : keep?.stamps.member;
  const kept = keep && { id: keep.id, kind: keep.kind, stamp: stamp ?? null };
  const { user, members } = records;
  const next = advanceEpoch(member === null ? user : members[member]!, change({ ...rest, keep: kept }), now);
  if (next === null) return null;
  return member === null ? { user: next, members } : { user, members: { ...members, [member]: next } };
}

function advanceIn(records: Records, changes?: TestChange, member: string | null = null, now = NOW): Records {
  const next = tryAdvance(records, changes, member, now);
  if (next === null) throw new Error('the session to keep is not live');
  return next;
}

/** Advances a user's record. The user has no memberships. */
const advance = (record: EpochRecord, changes?: TestChange, now = NOW): EpochRecord =>
  advanceIn({ user: record, members: {} }, changes, null, now).user;

/** Returns a session that starts under these records. */
function bornIn(records: Records, id: string, kind = 'browser', accountTag: string | null = null): HeldSession {
  const { user, member } = recordsOf(records, accountTag);
  const stamps = {
    ...{ realm: 'r', user: generation(user!, kind) },
    ...{ account: accountTag === null ? null : 'a', member: member === null ? null : generation(member, kind) },
  };
  return { id, kind, accountTag, stamps };
}

const born = (record: EpochRecord, id: string, kind?: string): HeldSession =>
  bornIn({ user: record, members: {} }, id, kind);

/** Returns whether the user's record holds a session outside of accounts. */
const holdsAlone = (user: EpochRecord, session: HeldSession): boolean => holdsUser({ user, member: null }, session);

describe('a new record', () => {
  test('has one generation for every kind', () => {
    const record = newEpoch(NOW);
    expect(generation(record, 'browser')).toBe(generation(record, 'whatever'));
    expect(generation(record, 'browser')).toBe(record.initial);
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
      record = advance(record, {}, now);
      expect(record.counter).toBe(Math.max(before + 1, now));
      expect(seen.has(record.base)).toBe(false);
      seen.add(record.base);
    }
  });

  test('tells when, by whom and why, of the scope that it was of', () => {
    const records = advanceIn(newRecords(), {}, 'acme');
    expect(records.user.last).toBeNull();
    expect(records.members.acme?.last).toEqual(MARK);
    expect(records.members.beta?.last).toBeNull();
    expect(advanceIn(records).user.last).toEqual(MARK);
  });

  test('takes as many bytes, however often it was made', () => {
    const once = advance(newEpoch(NOW));
    let record = once;
    for (let round = 0; round < 100; round++) record = advance(record);
    expect(formatEpoch(record)).toHaveLength(formatEpoch(once).length);
  });

  test('writes nothing into the record that it was given, and its own is frozen through', () => {
    const record = newEpoch(NOW);
    const before = structuredClone(record);
    const next = advance(record, { keep: born(record, 'mine') });
    expect(record).toEqual(before);
    for (const part of [next, next.kinds, next.keep, next.keep.browser, next.last]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('memberships', () => {
  test('an advance of one leaves the user and the other memberships', () => {
    const records = newRecords();
    const inAcme = bornIn(records, 'a', 'browser', 'acme');
    const inBeta = bornIn(records, 'b', 'browser', 'beta');
    const inNone = bornIn(records, 'n');
    const next = advanceIn(records, {}, 'acme');
    expect([inAcme, inBeta, inNone].map((session) => isHeld(next, session))).toEqual([false, true, true]);
    expect(next.user).toBe(records.user);
  });

  test('an advance of the user ends those of every membership, and leaves their records', () => {
    const records = advanceIn(newRecords(), {}, 'acme');
    const sessions = ['acme', 'beta'].map((account) => bornIn(records, account, 'browser', account));
    const next = advanceIn(records);
    expect(sessions.map((session) => isHeld(next, session))).toEqual([false, false]);
    expect(next.members).toBe(records.members);
    expect(isHeld(next, bornIn(next, 'new', 'browser', 'acme'))).toBe(true);
  });

  test('hold no session of a membership whose record is missing, or was made anew', () => {
    const records = newRecords();
    const mine = bornIn(records, 'mine', 'browser', 'acme');
    expect(isHeld({ ...records, members: {} }, mine)).toBe(false);
    expect(isHeld({ ...records, members: { acme: newEpoch(NOW) } }, mine)).toBe(false);
    expect(holdsUser({ user: null, member: records.members.acme ?? null }, mine)).toBe(false);
    expect(holdsUser({ user: null, member: null }, bornIn(records, 'alone'))).toBe(false);
  });

  test('have an incarnation each, so that no two generations are alike', () => {
    let records = newRecords();
    const { acme, beta } = records.members;
    const seen = new Set([records.user.base, acme?.base, beta?.base]);
    expect(seen.size).toBe(3);
    for (const member of ['acme', null, 'beta', 'acme', null]) {
      records = advanceIn(records, {}, member);
      const base = (member === null ? records.user : records.members[member])?.base;
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
    expect([holdsAlone(next, mine), holdsAlone(next, other)]).toEqual([true, false]);
    expect(holds(next, 'browser', 'mine', `${mine.stamps.user}x`)).toBe(false);
    expect(holds(next, 'api', 'mine', mine.stamps.user)).toBe(false);
  });

  test('keeps who was kept already, by the stamp that the session bears', () => {
    const record = newEpoch(NOW);
    const mine = born(record, 'mine');
    const twice = advance(advance(record, { keep: mine }), { keep: mine });
    expect(twice.keep.browser).toEqual({ id: 'mine', stamp: mine.stamps.user });
    expect(holdsAlone(twice, mine)).toBe(true);
  });

  test('is dropped by the next advance of its kind, and of no other', () => {
    const record = newEpoch(NOW);
    const mine = born(record, 'mine');
    const kept = advance(record, { keep: mine });
    expect(holdsAlone(advance(kept, { covers: { only: ['api'] } }), mine)).toBe(true);
    expect(holdsAlone(advance(kept, { covers: { except: ['browser'] } }), mine)).toBe(true);
    expect(holdsAlone(advance(kept, { covers: { only: ['browser'] } }), mine)).toBe(false);
    expect(holdsAlone(advance(kept), mine)).toBe(false);
  });

  test('refuses a session that is not live under the record: nothing is advanced', () => {
    const records = newRecords();
    const dead = bornIn(records, 'dead', 'browser', 'acme');
    expect(tryAdvance(advanceIn(records), { keep: dead })).toBeNull();
    expect(tryAdvance(advanceIn(records, {}, 'acme'), { keep: dead })).toBeNull();
    expect(tryAdvance(advanceIn(records), { keep: dead }, 'acme')).toBeNull();
    expect(tryAdvance(records, { keep: bornIn(records, 'no account') }, 'acme')).toBeNull();
    const gone = { id: 'gone', kind: 'browser', stamp: 'another.1' };
    expect(advanceEpoch(records.user, change({ keep: gone }), NOW)).toBeNull();
    expect(
      advanceEpoch(records.user, change({ keep: { ...gone, kind: 'api' }, covers: { only: ['browser'] } }), NOW),
    ).toBeNull();
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
    const { user, members } = advanceIn(newRecords(), { suspend: true }, 'acme');
    expect([user.suspended, members.acme?.suspended, members.beta?.suspended]).toEqual([null, MARK, null]);
  });
});

// The model finds the live sessions the slow way: it goes through all of them.
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
        let records = newRecords();
        const sessions: (HeldSession & { live: boolean })[] = [];
        for (const one of steps) {
          if ('start' in one) {
            sessions.push({ ...bornIn(records, `${sessions.length}`, one.start, one.account), live: true });
            continue;
          }
          const { member, covers, clock } = one;
          const inScope = (session: HeldSession): boolean => member === null || session.accountTag === member;
          const asked =
            one.keep === undefined || sessions.length === 0 ? undefined : sessions[one.keep % sessions.length];
          const keep = asked !== undefined && inScope(asked) ? asked : undefined;
          const next = tryAdvance(records, { covers, keep }, member, NOW + clock);
          expect(next === null).toBe(keep !== undefined && !keep.live);
          if (next === null) continue;
          for (const session of sessions) {
            if (inScope(session) && isCovered(covers, session.kind) && session !== keep) session.live = false;
          }
          const read = (record: EpochRecord): EpochRecord => parseEpoch(formatEpoch(record));
          const { acme, beta } = next.members;
          records = { user: read(next.user), members: { acme: read(acme!), beta: read(beta!) } };
        }
        for (const session of sessions) expect(isHeld(records, session)).toBe(session.live);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a record without its marks', () => {
  const marksOf = ({ last, suspended }: EpochRecord): unknown[] => [last, suspended];

  test('tells when, and no longer by whom, why and from where', () => {
    const full = advance(newEpoch(NOW), { suspend: true });
    expect(marksOf(full)).toEqual([MARK, MARK]);
    const unattributed = { at: NOW, by: null, reason: null, fromDevice: null };
    expect(marksOf(forgetMarks(full))).toEqual([unattributed, unattributed]);
  });

  test('holds and keeps what it held, and is suspended where it was', () => {
    const record = newEpoch(NOW);
    const [mine, other] = [born(record, 'mine'), born(record, 'other')];
    const before = advance(record, { keep: mine, suspend: true });
    const after = forgetMarks(before);
    expect([mine, other].map((session) => holdsAlone(after, session))).toEqual([true, false]);
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
  test('a record comes back as it was', () => {
    const record = newEpoch(NOW);
    const full = advance(record, { keep: born(record, 'mine'), suspend: true });
    const text = formatEpoch(full);
    expect(parseEpoch(text)).toEqual(full);
  });

  test('a record comes back with its notes and the session of another issuer that it spares', () => {
    const spared = advance(newEpoch(NOW), { keepExternal: { externalId: 'theirs', kind: 'browser' } });
    expect(spared.keep).toEqual({ browser: { externalId: 'theirs', since: 0 } });
    const noted = withGuarded(withAdopted(withAdopted(spared, 'one', NOW), 'two', 0), { maxLifetime: 7, since: NOW });
    expect(noted.notes).toEqual({ adopted: { one: NOW, two: 0 }, guarded: { maxLifetime: 7, since: NOW } });
    expect(parseEpoch(formatEpoch(noted))).toEqual(noted);
    expect(advance(noted, {}).notes).toEqual(noted.notes);
    const { notes: _, ...rest } = noted;
    expect(rest).toEqual(spared);
  });

  test('a record without notes has none as text', () => {
    for (const record of [newEpoch(NOW), advance(newEpoch(NOW), {})])
      expect(formatEpoch(record)).not.toContain('notes');
  });

  test('of something else is an error, never a record', () => {
    const { counter, ...rest } = newEpoch(NOW);
    for (const value of [null, 1, 'x', [], {}, rest, { ...rest, counter: '1' }, { ...rest, counter, kinds: null }]) {
      expect(() => parseEpoch(JSON.stringify(value))).toThrow(Error);
    }
    expect(() => parseEpoch('')).toThrow(SyntaxError);
  });

  const keeping = (kept: unknown) => ({ keep: { browser: kept } });
  const noting = (notes: unknown) => ({ notes });
  test.each<[string, object]>([
    ['a kind without a stamp', { kinds: { browser: 1 } }],
    ['nothing that is kept', keeping(null)],
    ['a kept session without an id', keeping({ stamp: 'x.1' })],
    ['a kept session without a stamp', keeping({ id: 'mine' })],
    ['a kept session with a time', keeping({ id: 'mine', since: 1 })],
    ['a kept session of another issuer without a time', keeping({ externalId: 'theirs' })],
    ['a kept session of another issuer with a text for its time', keeping({ externalId: 'theirs', since: '1' })],
    ['a kept session of both', keeping({ id: 'mine', stamp: 'x.1', externalId: 'theirs', since: 1 })],
    ['a text for notes', noting('adopted')],
    ['no notes, but null', noting(null)],
    ['a list of notes', noting([])],
    ['a list of adopted sessions', noting({ adopted: ['one'] })],
    ['an adopted session without a time', noting({ adopted: { one: null } })],
    ['guards without a time', noting({ guarded: { maxLifetime: 1 } })],
    ['guards without a length', noting({ guarded: { since: 1 } })],
  ])('with %s is an error', (_, changes) => {
    expect(() => parseEpoch(JSON.stringify({ ...newEpoch(NOW), ...changes }))).toThrow('malformed');
  });
});
