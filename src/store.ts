import type { EpochRecord } from './epoch.ts';
import type { AuditRecord, StorePowers } from './powers.ts';
import type { Ended, Epochs, SessionRecord } from './session.ts';
import type { Tag } from './token.ts';

/** An answer that is there at once, or a promise of it. Embedded stores answer at once and cost no promise. */
export type Awaitable<T> = T | Promise<T>;

/** Which session, and in whose shard. */
export interface SessionRef {
  readonly id: string;
  readonly user: Tag;
  /** Left out where the asker does not know it; an engine that shards may then need a second round trip. */
  readonly account?: Tag | null | undefined;
}

/** A session and everything that it is judged by, as of one moment not before the question. */
export interface FoundSession {
  readonly session: SessionRecord;
  readonly epochs: Epochs;
}

/** A record that is wanted. */
export interface EpochRequest {
  readonly tag: Tag;
  /** Written where there is none. `null` only looks: nothing is written or kept for longer, and what is missing stays so. */
  readonly create: EpochRecord | null;
  /** The version it is written with: random, so that a record made anew is never taken for the one that was lost. */
  readonly version: number;
  /** Unix ms until which the record must be kept at least; `null` is for ever. Never lowers what is there. */
  readonly keepUntil: number | null;
}

/** A record and the version to compare with. */
export interface VersionedEpoch {
  readonly record: EpochRecord;
  /** Changes with the record, and a user's also with the set of the user's sessions: `add`, `end`, a switch of account. */
  readonly version: number;
}

/** A write that depends on what was read of a user. */
export interface UserWrite {
  /** The core's time, Unix ms. Engines that remove by themselves what is old count from it: their own clock may be another. */
  readonly now: number;
  /** How long, in ms, a session is to be found after it is over; an engine that removes by itself keeps it longer than that. */
  readonly retention: number;
  /** The user's version as read; `undefined` where the write does not depend on it. */
  readonly ifVersion?: number | undefined;
  /** Other sessions of this user to end in the same step; those that are over already are passed by. */
  readonly ending: readonly Ending[];
  /** Raises the user's record to be kept so long, in the same step. */
  readonly keepUntil: number | null;
  /** Written in the same step, if that is done. Empty for a store that does not declare the power. */
  readonly audit: readonly AuditRecord[];
}

/** One session to end. */
export interface Ending {
  readonly id: string;
  readonly ended: Ended;
  /** Written with the tombstone. */
  readonly audit: readonly AuditRecord[];
}

/** A renewal: the record to write, and what must be true for it. */
export interface Renewal extends UserWrite {
  readonly session: SessionRecord;
  /** The hash that was judged. */
  readonly ifHash: string;
  /** Whether the set of sessions that limits count changes with it (a switch of account): moves the user's version. */
  readonly moves: boolean;
}

/** An advance of a record. */
export interface Advance {
  readonly record: EpochRecord;
  readonly ifVersion: number;
  /** The core's time, Unix ms. */
  readonly now: number;
  /** Raises the record to be kept so long. */
  readonly keepUntil: number | null;
  /** The session in whose name it is done: it must be live, and its secret is rotated in the same step. */
  readonly asker?: AskerRotation | undefined;
  /** Written in the same step, if that is done. */
  readonly audit: readonly AuditRecord[];
}

/** A condition on the asker's session, and the rotation of its secret. */
export interface AskerRotation {
  readonly id: string;
  readonly ifHash: string;
  /** The new hash; the same as `ifHash` where nothing is kept. */
  readonly hash: string;
  readonly serial: number;
}

/** A use of a session, to be noted. */
export interface Touch {
  readonly id: string;
  readonly user: Tag;
  /** Unix ms. */
  readonly at: number;
}

/** A page of a user's sessions, the youngest first (`createdAt`, then `id`, both falling). */
export interface ListPage {
  /** Only the sessions in this account. */
  readonly account?: Tag | undefined;
  /** Whether those with a tombstone or past their expiry at `now` are wanted too. */
  readonly over: boolean;
  readonly now: number;
  /** Only what comes after this row. */
  readonly after?: { readonly createdAt: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** Whose users are wanted: a realm's, or those of one account in it. */
export interface UsersOf {
  readonly realm: string;
  readonly account: Tag | null;
}

/** One bounded batch of a pruning. */
export interface PruneBatch {
  /**
   * Sessions that were over by themselves at this time or before (see {@link overAt}) are removed, in whichever realm:
   * of realms that share a store, the shortest retention counts.
   */
  readonly sessionsBefore: number;
  /** Records whose `keepUntil` is before this time are removed. Nothing else is tested: a record in use has a later one. */
  readonly epochsBefore: number;
  /** The most that is removed, and the most that is looked at for `revoked`. */
  readonly limit: number;
  /** Where to go on among the sessions that never expire; `null` begins. */
  readonly after: string | null;
  /**
   * Whether a session that never expires was revoked long ago: the core's judgement, not the store's. It wants the epochs
   * of the session's own realm, whose tag is `realmTag(session.realm)`.
   */
  revoked(found: FoundSession): boolean;
}

/** What a batch did. */
export interface Pruned {
  readonly sessions: number;
  readonly epochs: number;
  /** Whether there is more to do, and where to go on. */
  readonly more: boolean;
  readonly after: string | null;
}

/**
 * PORT: where sessions and epochs are kept. The core judges; a store compares and writes. Every verb is one atomic
 * step: it happens wholly or not at all, and whoever asks later sees it.
 *
 * Outcomes are values. An exception means "could not find out": the core turns it into `SESSION_STORE_UNAVAILABLE`
 * and nothing is accepted on it. Nothing here is cached, and nothing is read from a replica.
 *
 * Texts compare byte for byte, are never concatenated into a statement or a key without a length, and come back as
 * they went in. What is handed in is not kept by reference, and what is handed out is not the store's own: callers
 * may do with it what they like. Records are immutable, so a frozen one may be shared. Times are Unix ms given by the
 * core; a store has no clock of its own. Tags already name the realm, so several realms may share a store.
 *
 * The contract suite in `session-revocation/testing` tests every sentence here.
 */
export interface SessionStore<Transaction = never> {
  /** What else it can do. */
  readonly powers?: StorePowers<Transaction> | undefined;

  /**
   * Creates or upgrades tables, and makes sure that the engine is one to rely on. May be called at any time, by several
   * processes at once. Embedded stores call it themselves; others never change a schema unasked.
   */
  setup?(): Awaitable<void>;

  /**
   * Reads records, creating those that are missing, in the order asked. Creating and raising `keepUntil` change no
   * version: a stranger's attempts to sign in must not keep a revocation from its compare-and-set. `now` is the core's
   * time, as in {@link UserWrite}.
   *
   * Where `create` is `null`, a record is only looked at: `null` for one that is not there. Tokens are judged by what is
   * looked at, so that it comes from where `find` reads, in one round trip. In a caller's transaction nothing that is only
   * looked at is locked, and it may be as old as the transaction: a realm's record belongs to many. One tag is not asked
   * for in both ways at once.
   */
  epochs(requests: readonly EpochRequest[], now: number): Awaitable<readonly (VersionedEpoch | null)[]>;

  /**
   * Writes a new session, ends others, raises `keepUntil` and moves the user's version, if that version is still the
   * one that was read. `'conflict'`, and nothing is written, where it is not, where the record is missing, or where
   * the id is taken: by a session of this user, and as far as the engine can see, by anybody's.
   */
  add(session: SessionRecord, write: UserWrite): Awaitable<'added' | 'conflict'>;

  /**
   * Finds sessions in the order asked, each with the epochs of *its own* realm, account and user, read in one moment
   * together. `null` for one that is not there, or whose tags are not those asked for: the tags come from a client,
   * and another user's epochs must never judge a session. Tombstones and expired sessions are found. `realm` is the
   * tag of the realm's record. One bad reference never fails its neighbours.
   */
  find(realm: Tag, refs: readonly SessionRef[]): Awaitable<readonly (FoundSession | null)[]>;

  /** A page of a user's sessions with their epochs; `more` tells whether rows follow. An unknown user has none. */
  list(
    realm: Tag,
    user: Tag,
    page: ListPage,
  ): Awaitable<{ readonly found: readonly FoundSession[]; readonly more: boolean }>;

  /**
   * Notes uses. Only ever raises `lastUsedAt`, and only of a session without a tombstone and within its lifetimes at
   * `at`: it never creates, extends an absolute lifetime, or revives. One that is gone is passed by.
   */
  touch(touches: readonly Touch[]): Awaitable<void>;

  /**
   * Replaces what a renewal may change (`hash serial account accountTag stamps.account stamps.member authenticatedAt
   * expiresAt idle amr attributes`, and raises `lastUsedAt`), if the hash is still `ifHash`, there is no tombstone, and
   * it is within its lifetimes at `now`; otherwise `'not-live'`. Never changes `stamps.user` or `stamps.realm`: a
   * renewal must not carry a session over a revocation. With `ifVersion`, `'conflict'` where the user's version is
   * another. Ends others, raises `keepUntil`, and with `moves` moves the version, in the same step.
   */
  renew(renewal: Renewal): Awaitable<'renewed' | 'not-live' | 'conflict'>;

  /**
   * Writes a tombstone, with what `audit` tells of it, and moves the user's version. `false`, and nothing is written, where
   * there is none such or it has one.
   */
  end(ref: SessionRef, ended: Ended, audit: readonly AuditRecord[]): Awaitable<boolean>;

  /**
   * Replaces a record and moves its version, if the version is still the one that was read; `'conflict'` where it is
   * not, or the record is missing. With `asker`, also rotates that session's hash and serial, and only if its hash is
   * `ifHash`, it has no tombstone, belongs to this user and is within its lifetimes at `now`; otherwise `'not-live'`
   * and nothing is written.
   */
  advance(tag: Tag, advance: Advance): Awaitable<'advanced' | 'conflict' | 'not-live'>;

  /**
   * At most `limit` users who have sessions there, in any order, from where `after` says: what the last answer gave, `null`
   * to begin with and at the end. May name one twice, and one whose sessions have moved; misses none that had sessions
   * there all the while. A page may be short or empty.
   */
  users(
    of: UsersOf,
    after: string | null,
    limit: number,
  ): Awaitable<{ readonly users: readonly Tag[]; readonly after: string | null }>;

  /**
   * Removes `limit` sessions of a user, whatever they are, or all where there are fewer, and tells how many. Moves the user's
   * version.
   */
  remove(user: Tag, limit: number): Awaitable<number>;

  /** Removes one batch of what nobody can miss. Any number of pruners may run at once. */
  prune(batch: PruneBatch): Awaitable<Pruned>;

  /** Releases what the store itself opened. Later calls throw. */
  close?(): Awaitable<void>;
}
