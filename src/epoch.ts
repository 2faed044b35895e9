import { deepFreeze, Recent } from './recent.ts';
import type { Stamps } from './session.ts';
import { newIncarnation, type Tag } from './token.ts';

/**
 * Which generation a session was born under: a record's incarnation and counter, `incarnation.counter`. Stamps are
 * compared for equality only. A record that was lost and made anew has another incarnation, so that no stamp of the
 * old one is ever equal again: loss fails closed.
 */
export type Stamp = string;

/** When something was done to a scope, by whom, why, and from which device. `at` is for people; it decides nothing. */
export interface Mark {
  /** Unix ms. */
  readonly at: number;
  readonly by: string | null;
  readonly reason: string | null;
  readonly from: string | null;
}

/** The one session of a kind that an advance spared. It lives in the record, so that the next advance drops it. */
export interface Keep {
  readonly id: string;
  /** The stamp that the kept session bears; another session that took over its id bears another. */
  readonly from: Stamp;
}

/** What one scope says of the sessions it covers. */
export interface ScopeState {
  /** The generation of every kind that `kinds` does not list. A kind nobody listed is covered. */
  readonly base: Stamp;
  readonly kinds: Readonly<Record<string, Stamp>>;
  readonly keep: Readonly<Record<string, Keep>>;
  /** The last advance. */
  readonly last: Mark | null;
  /** Set while sign-ins are refused. */
  readonly suspended: Mark | null;
}

/**
 * The epoch of a realm, of an account, or of a user with the user's memberships inside: three records for four scopes.
 * Immutable: whoever changes it writes a new one, by compare-and-set of its version.
 */
export interface EpochRecord extends ScopeState {
  readonly incarnation: string;
  /** One counter gives every new generation: `max(counter + 1, now)`. */
  readonly counter: number;
  /** The generation of a membership that nobody advanced yet. */
  readonly initial: Stamp;
  /** In a user's record: the memberships that were advanced, by the account's tag. */
  readonly members: Readonly<Record<Tag, ScopeState>>;
  /** In a user's record: the ids of sessions that were adopted, and when, Unix ms. None of them is adopted again. */
  readonly adopted?: Readonly<Record<string, number>> | undefined;
  /** In a realm's record: what is known of other issuers' tokens that are guarded here. */
  readonly guarded?: Guarded | undefined;
}

/** How long other issuers' tokens are accepted after the authentication that they tell of: revocations are kept for longer. */
export interface Guarded {
  /** In ms: the longest of all guards. */
  readonly longest: number;
  /** Unix ms: from then on, every revocation is kept for so long. Those from before may be gone after 30 days. */
  readonly since: number;
}

/** Which kinds an advance covers. */
export type Coverage = { readonly only: readonly string[] } | { readonly except: readonly string[] };

/** What is done to a scope in one step. */
export interface Change {
  readonly covers: Coverage;
  readonly mark: Mark;
  /** Spares this session, if it is live under the record. */
  readonly keep?: KeptSession | undefined;
  /** Spares the tokens of this session of another issuer's, which the caller has found to be live under the record. */
  readonly keepForeign?: { readonly id: string; readonly kind: string } | undefined;
  /** `true` suspends, `false` resumes; left out, neither. */
  readonly suspend?: boolean | undefined;
}

/** What an advance needs to know of the session it spares. */
export interface KeptSession {
  readonly id: string;
  readonly kind: string;
  readonly accountTag: Tag | null;
  readonly stamps: Stamps;
}

/** A record as it is when first needed. */
export function newEpoch(now: number): EpochRecord {
  const incarnation = newIncarnation();
  const initial = stampOf(incarnation, now);
  // Not by a spread: V8 would describe each such object anew, for 360 bytes.
  return Object.freeze({
    base: initial,
    kinds: NONE,
    keep: NONE,
    last: null,
    suspended: null,
    incarnation,
    counter: now,
    initial,
    members: NONE,
  });
}

const NONE: Readonly<Record<string, never>> = Object.freeze({});

const stampOf = (incarnation: string, counter: number): Stamp => `${incarnation}.${counter.toString(36)}`;

/** The state of a user's membership in an account, or of the record's own scope where `member` is `null`. */
export function scopeState(record: EpochRecord, member: Tag | null): ScopeState {
  if (member === null) return record;
  return record.members[member] ?? { base: record.initial, kinds: NONE, keep: NONE, last: null, suspended: null };
}

/** The stamp that a session of this kind is born with under this state. */
export const generation = (state: ScopeState, kind: string): Stamp => state.kinds[kind] ?? state.base;

/** Whether a session with this stamp is live under this state: born under its generation, or kept. */
export function holds(state: ScopeState, kind: string, id: string, stamp: Stamp | null): boolean {
  if (stamp === null) return false;
  if (stamp === (state.kinds[kind] ?? state.base)) return true;
  const keep = state.keep[kind];
  return keep !== undefined && keep.id === id && keep.from === stamp;
}

/**
 * Since when, Unix ms, a session of another issuer's is spared by the last advance of this kind: what was authenticated later.
 * 0 is ever since; `null`: it is not spared.
 */
export function sparedSince(state: ScopeState, kind: string, id: string): number | null {
  const keep = state.keep[kind];
  return keep?.id === id && keep.from.startsWith(FOREIGN) ? counterOf(keep.from) : null;
}

/** Instead of an incarnation, since tokens of others bear no stamp: no incarnation is as short. */
const FOREIGN = 'foreign.';

/** Whether a user's record holds a session in both of its scopes, the user's and the member's. */
export function holdsUser(record: EpochRecord, session: KeptSession): boolean {
  const { id, kind, accountTag, stamps } = session;
  if (!holds(record, kind, id, stamps.user)) return false;
  return accountTag === null || holds(scopeState(record, accountTag), kind, id, stamps.member);
}

/** Whether a kind is covered. */
export const isCovered = (covers: Coverage, kind: string): boolean =>
  'only' in covers ? covers.only.includes(kind) : !covers.except.includes(kind);

/**
 * The record after an advance of its own scope (`member: null`) or of one membership: every session of the covered
 * kinds is over, without being looked at.
 * @returns `null`, and nothing is advanced, where the session to keep is not live under the record.
 */
export function advanceEpoch(record: EpochRecord, member: Tag | null, change: Change, now: number): EpochRecord | null {
  const { covers, keep, keepForeign } = change;
  if (keep !== undefined && !holdsUser(record, keep)) return null;

  const state = scopeState(record, member);
  const counter = Math.max(record.counter + 1, now);
  const next = stampOf(record.incarnation, counter);

  let base = state.base;
  let kinds: Record<string, Stamp>;
  if ('only' in covers) {
    kinds = { ...state.kinds };
    for (const kind of covers.only) kinds[kind] = next;
  } else {
    base = next;
    kinds = Object.fromEntries(covers.except.map((kind) => [kind, generation(state, kind)]));
  }

  const kept = Object.fromEntries(Object.entries(state.keep).filter(([kind]) => !isCovered(covers, kind)));
  if (keep !== undefined && isCovered(covers, keep.kind)) {
    const from = member === null ? keep.stamps.user : keep.stamps.member;
    if (from === null) return null;
    kept[keep.kind] = { id: keep.id, from };
  }
  if (keepForeign !== undefined && isCovered(covers, keepForeign.kind)) {
    const { id, kind } = keepForeign;
    // What had revoked it before has still to: a token of an earlier authentication may be somebody else's.
    const since = sparedSince(state, kind, id) ?? advancedAt(record, state, kind) ?? 0;
    kept[kind] = { id, from: stampOf('foreign', since) };
  }

  const suspended = change.suspend === undefined ? state.suspended : change.suspend ? change.mark : null;
  const advanced: ScopeState = { base, kinds, keep: kept, last: change.mark, suspended };
  return deepFreeze(
    member === null
      ? { ...record, ...advanced, counter }
      : { ...record, counter, members: { ...record.members, [member]: advanced } },
  );
}

/**
 * Whether a record has come to where another one was, in each of its scopes: it is that one, or everything that was over
 * under it is over under this one, too. Another scope of the record says nothing: it may have moved without this.
 */
export function hasReached(record: EpochRecord, other: EpochRecord): boolean {
  if (record.incarnation !== other.incarnation) return false;
  const scopes = [null, ...Object.keys(other.members)];
  return scopes.every((member) => {
    const [present, wanted] = [scopeState(record, member), scopeState(other, member)];
    const kinds = Object.keys(wanted.kinds);
    return (
      counterOf(present.base) >= counterOf(wanted.base) &&
      kinds.every((kind) => counterOf(generation(present, kind)) >= counterOf(generation(wanted, kind)))
    );
  });
}

const counterOf = (stamp: Stamp): number => Number.parseInt(stamp.slice(stamp.indexOf('.') + 1), 36);

/** The record without whoever advanced it and why. It holds what it held. */
export function forgetMarks(record: EpochRecord): EpochRecord {
  const unmarked = (mark: Mark | null): Mark | null => mark && { at: mark.at, by: null, reason: null, from: null };
  const forgotten = <State extends ScopeState>(state: State): State => {
    return { ...state, last: unmarked(state.last), suspended: unmarked(state.suspended) };
  };
  const members = Object.entries(record.members).map(([tag, state]) => [tag, forgotten(state)]);
  return deepFreeze({ ...forgotten(record), members: Object.fromEntries(members) });
}

/** When a record was made, Unix ms. */
export const bornAt = ({ initial }: EpochRecord): number => counterOf(initial);

/** The record with another session that is adopted, or never will be. It holds what it held. */
export const withAdopted = (record: EpochRecord, id: string, at: number): EpochRecord =>
  deepFreeze({ ...record, adopted: { ...record.adopted, [id]: at } });

/** The record of a realm that guards tokens of other issuers. It holds what it held. */
export const withGuarded = (record: EpochRecord, guarded: Guarded): EpochRecord => deepFreeze({ ...record, guarded });

/** When a scope was last advanced for a kind, Unix ms, or a little later: `null` is never. */
export function advancedAt({ initial }: EpochRecord, state: ScopeState, kind: string): number | null {
  const stamp = generation(state, kind);
  return stamp === initial ? null : counterOf(stamp);
}

/** A record as text, for stores that keep text. */
export const formatEpoch = (record: EpochRecord): string => JSON.stringify(record);

const RECENT = new Recent<EpochRecord>(4096, 2048);

/**
 * A record from the text that {@link formatEpoch} made, frozen. A check reads three of them, mostly such as were read before:
 * with the tag that it belongs to, that is found out a little sooner.
 * @throws `Error` for text that is no record: a store that lost its mind cannot find out who is signed in.
 */
export function parseEpoch(text: string, tag?: Tag): EpochRecord {
  const known = RECENT.get(text, tag);
  if (known !== undefined) return known;
  const record: unknown = JSON.parse(text);
  if (!isEpochRecord(record)) throw new Error('an epoch record is malformed');
  return RECENT.put(text, record, tag);
}

/** Whether this is a record, as far as one is judged by. */
export function isEpochRecord(value: unknown): value is EpochRecord {
  if (!isObject(value)) return false;
  const { incarnation, counter, base, initial, kinds, keep, members } = value as Partial<EpochRecord>;
  return (
    typeof incarnation === 'string' &&
    typeof counter === 'number' &&
    typeof base === 'string' &&
    typeof initial === 'string' &&
    isObject(kinds) &&
    isObject(keep) &&
    isObject(members)
  );
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
