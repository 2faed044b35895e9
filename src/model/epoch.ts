import { deepFreeze } from '../lib/json.ts';
import type { Mark } from './attribution.ts';
import type { EpochNotes } from './epoch-notes.ts';
import { counterOf, type Stamp, type Stamps, stampOf } from './stamp.ts';
import { newIncarnation, type Tag } from './token.ts';

/** The one session of a kind that an advance spared. It is part of the record, so the next advance drops it. */
export type Keep = KeptSession | KeptExternal;

/** A session of this library. */
export interface KeptSession {
  /** The public id of the session. */
  readonly id: string;
  /** The stamp that the kept session bears. Another session that took over its id bears a different one. */
  readonly stamp: Stamp;
}

/** A session of another issuer. Its tokens bear no stamp, so guards compare times. */
export interface KeptExternal {
  /** A hash of realm, issuer and `sid`. It is never the id of a session of this library. */
  readonly externalId: string;
  /** Unix ms. Tokens of later authentications are spared. 0 spares them all. */
  readonly since: number;
}

/** The state of one scope, which judges the sessions that the scope covers. */
export interface ScopeState {
  /** The generation of every kind that `kinds` does not list. So an unlisted kind is covered too. */
  readonly base: Stamp;
  /** The generation of each kind whose advances differ from those of `base`. */
  readonly kinds: Readonly<Record<string, Stamp>>;
  /** By kind, the session that the last advance of that kind spared. */
  readonly keep: Readonly<Record<string, Keep>>;
  /** The last advance. */
  readonly last: Mark | null;
  /** Set while sign-ins are refused; otherwise `null`. */
  readonly suspended: Mark | null;
}

/**
 * The epoch of a scope: a realm, an account, a user, or a membership (a user within an account). It is immutable. A change writes
 * a new record by compare-and-set of a version. For a membership, that is the version of the user's record.
 */
export interface EpochRecord extends ScopeState {
  /** Random text. It begins every stamp of this record, and tells the record from one that was lost before it. */
  readonly incarnation: string;
  /** One counter gives every new generation: `max(counter + 1, now)`. */
  readonly counter: number;
  /** The generation at the record's creation. A kind that still has it was never advanced. */
  readonly initial: Stamp;
  /** Facts that judge no session. Left out where there are none. */
  readonly notes?: EpochNotes | undefined;
}

export type Coverage = { readonly only: readonly string[] } | { readonly except: readonly string[] };

export interface Change {
  readonly covers: Coverage;
  readonly mark: Mark;
  /** Spares this session. The advance fails if the session is not live under the record. */
  readonly keep?: SparedSession | undefined;
  /** Spares the tokens of this session of another issuer. The caller has found it live under the record. */
  readonly keepExternal?: SparedExternal | undefined;
  /** `true` suspends, `false` resumes. Left out, the state stays as it is. */
  readonly suspend?: boolean | undefined;
}

export interface SparedSession {
  readonly id: string;
  readonly kind: string;
  readonly stamp: Stamp | null;
}

export interface SparedExternal {
  readonly externalId: string;
  readonly kind: string;
}

export function newEpoch(now: number): EpochRecord {
  const incarnation = newIncarnation();
  const initial = stampOf(incarnation, now);
  // A spread would make V8 store a separate description of each object, of 360 bytes.
  return Object.freeze({
    base: initial,
    kinds: NONE,
    keep: NONE,
    last: null,
    suspended: null,
    incarnation,
    counter: now,
    initial,
  });
}

const NONE: Readonly<Record<string, never>> = Object.freeze({});

export const generation = (state: ScopeState, kind: string): Stamp => state.kinds[kind] ?? state.base;

/** Tells whether a scope accepts a session: its stamp is that of the current generation, or an advance has kept the session. */
export function holds(state: ScopeState, kind: string, id: string, stamp: Stamp | null): boolean {
  if (stamp === null) return false;
  if (stamp === (state.kinds[kind] ?? state.base)) return true;
  const keep = state.keep[kind];
  return keep !== undefined && 'stamp' in keep && keep.id === id && keep.stamp === stamp;
}

/**
 * Returns from when on an advance has spared a session of another issuer, Unix ms: tokens of later authentications are spared. 0 spares
 * all tokens of the session; `null` spares none.
 */
export function sparedSince(state: ScopeState, kind: string, externalId: string): number | null {
  const keep = state.keep[kind];
  return keep !== undefined && 'externalId' in keep && keep.externalId === externalId ? keep.since : null;
}

/**
 * Returns the stamps that a live session may bear: those of the present generations, and those of kept sessions. Without a kind, of all
 * kinds.
 */
export function livingStamps(state: ScopeState, kind?: string): readonly Stamp[] {
  const kept = kind === undefined ? Object.values(state.keep) : [state.keep[kind] ?? []].flat();
  const stamps = kept.flatMap((keep) => ('stamp' in keep ? [keep.stamp] : []));
  const present = kind === undefined ? [state.base, ...Object.values(state.kinds)] : [generation(state, kind)];
  return [...new Set([...present, ...stamps])];
}

/** Tells whether the user and, for a session in an account, the membership accept a session. A missing record accepts none. */
export function holdsUser({ user, member }: Pick<Epochs, 'user' | 'member'>, session: HeldSession): boolean {
  const { id, kind, accountTag, stamps } = session;
  if (user === null || !holds(user, kind, id, stamps.user)) return false;
  return accountTag === null || (member !== null && holds(member, kind, id, stamps.member));
}

export interface HeldSession {
  readonly id: string;
  readonly kind: string;
  readonly accountTag: Tag | null;
  readonly stamps: Stamps;
}

export const isCovered = (covers: Coverage, kind: string): boolean =>
  'only' in covers ? covers.only.includes(kind) : !covers.except.includes(kind);

/** Returns the advanced record. Returns `null` if the session to keep is not live under the record. */
export function advanceEpoch(record: EpochRecord, change: Change, now: number): EpochRecord | null {
  const { covers, keep, keepExternal } = change;
  if (keep !== undefined && !holds(record, keep.kind, keep.id, keep.stamp)) return null;

  const counter = Math.max(record.counter + 1, now);
  const next = stampOf(record.incarnation, counter);

  let base = record.base;
  let kinds: Record<string, Stamp>;
  if ('only' in covers) {
    kinds = { ...record.kinds };
    for (const kind of covers.only) kinds[kind] = next;
  } else {
    base = next;
    kinds = Object.fromEntries(covers.except.map((kind) => [kind, generation(record, kind)]));
  }

  const kept: Record<string, Keep> = Object.fromEntries(
    Object.entries(record.keep).filter(([kind]) => !isCovered(covers, kind)),
  );
  if (keep !== undefined && keep.stamp !== null && isCovered(covers, keep.kind)) {
    kept[keep.kind] = { id: keep.id, stamp: keep.stamp };
  }
  if (keepExternal !== undefined && isCovered(covers, keepExternal.kind)) {
    const { externalId, kind } = keepExternal;
    // An earlier revocation must still apply: a token of an earlier authentication may belong to another person.
    const since = sparedSince(record, kind, externalId) ?? advancedAt(record, kind) ?? 0;
    kept[kind] = { externalId, since };
  }

  const suspended = change.suspend === undefined ? record.suspended : change.suspend ? change.mark : null;
  return deepFreeze({ ...record, base, kinds, keep: kept, last: change.mark, suspended, counter });
}

/** Removes the people, reasons and devices from the marks. The record still holds the same sessions. */
export function forgetMarks(record: EpochRecord): EpochRecord {
  const unmarked = (mark: Mark | null): Mark | null =>
    mark && { at: mark.at, by: null, reason: null, fromDevice: null };
  return deepFreeze({ ...record, last: unmarked(record.last), suspended: unmarked(record.suspended) });
}

export const bornAt = ({ initial }: EpochRecord): number => counterOf(initial);

/** Returns when a scope was last advanced for a kind (Unix ms), or a little later; `null` means never. */
export function advancedAt(record: EpochRecord, kind: string): number | null {
  const stamp = generation(record, kind);
  return stamp === record.initial ? null : counterOf(stamp);
}

/** The records that judge a session. `null` means that the store has none; that refuses the session. */
export interface Epochs {
  /** The record of the session's realm. */
  readonly realm: EpochRecord | null;
  /** Also `null` for a session without an account. */
  readonly account: EpochRecord | null;
  /** The record of the session's user. */
  readonly user: EpochRecord | null;
  /** The membership's record. Also `null` for a session without an account. */
  readonly member: EpochRecord | null;
}
