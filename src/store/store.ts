import type { Awaitable } from '../lib/awaitable.ts';
import type { Credential } from '../model/credential.ts';
import type { EpochRecord, Epochs } from '../model/epoch.ts';
import type { Ended, SessionRecord, SessionRef } from '../model/session.ts';
import type { Stamp } from '../model/stamp.ts';
import type { Tag } from '../model/token.ts';
import type { AuditPower, AuditRecord, ChangesPower, DiagnosisPower, OutboxPower, PolicyPower } from './powers.ts';

/** The session to end. */
export interface EndRef extends SessionRef {
  /** Unix ms. Ends the session only if its last use was at this time or before. The store compares in the step that ends it. */
  readonly ifUnusedSince?: number | undefined;
}

/** A session with the epoch records that judge it. The store reads all of them as of one moment, which is not before the call. */
export interface FoundSession {
  /** The record, also of a session that is over. */
  readonly session: SessionRecord;
  /** The records of the session's own realm, user, account and membership. */
  readonly epochs: Epochs;
}

/** A request for an epoch record that must exist afterwards. */
export interface EpochRequest {
  /** The tag of a realm, an account, a user or a membership. */
  readonly tag: Tag;
  /** Written if the record is missing. */
  readonly create: EpochRecord;
  /** The version of the created record. It is random, so a record made anew is never taken for the one that was lost. */
  readonly version: number;
  /** Unix ms. The store must keep the record at least until then. `null` keeps it for ever. Never lowers a later time. */
  readonly keepUntil: number | null;
}

/** An epoch record and the version that a write compares with. */
export interface VersionedEpoch {
  /** The record, with its notes. */
  readonly record: EpochRecord;
  /**
   * Changes with the record. A user's version also changes with the user's memberships and with the set of the user's sessions:
   * `add`, `end`, a switch of account. A membership's version changes only with its own record.
   */
  readonly version: number;
}

/** The part that all writes to a user's sessions have. A write may depend on the user's version that the caller read. */
export interface UserWrite {
  /** The core's time, Unix ms. An engine that removes old rows by itself counts from it, because its own clock may differ. */
  readonly now: number;
  /**
   * Time in ms for which a session must stay findable after it is over. An engine that removes rows by itself must not do so earlier.
   */
  readonly retention: number;
  /** The user's version as read; `undefined` if the write does not depend on it. */
  readonly ifVersion?: number | undefined;
  /** Other sessions of this user to end in the same step. Skips a session that was already over at its `ended.at`. */
  readonly ending: readonly Ending[];
  /** Raises `keepUntil` of the user's and of the membership's record in the same step. `null` keeps them for ever. */
  readonly keepUntil: number | null;
  /** Entries written in the same step, and only if the write happens. Empty for a store without the `audit` power. */
  readonly audit: readonly AuditRecord[];
}

/**
 * One session to end.
 *
 * Admission also ends a session that expired less than an hour ago. Its `ended.at` is then the last millisecond of its life. The
 * tombstone stops a `touch` that is still under way from reviving it beside the new session.
 */
export interface Ending {
  /** The id of the session. */
  readonly id: string;
  /** The tombstone to write. */
  readonly ended: Ended;
  /** Entries written in the same step as the tombstone. */
  readonly audit: readonly AuditRecord[];
}

/** A renewal: the record to write, and the conditions for writing it. */
export interface Renewal extends UserWrite {
  /** The whole record as it will be, with its new credential and serial. */
  readonly session: SessionRecord;
  /** The credential of the record that the core judged. */
  readonly ifCredential: Credential;
  /** True for a switch of account, which changes the set of sessions that limits count. The write then moves the user's version. */
  readonly moves: boolean;
}

/** An advance of an epoch record. */
export interface Advance {
  /** The record that replaces the stored one. */
  readonly record: EpochRecord;
  /**
   * The tag of an account. `record` then replaces the record of the user's membership there, and the user's own record stays as
   * it is. The store still compares `ifVersion` with the user's version, and moves that version.
   */
  readonly member?: Tag | undefined;
  /**
   * With `member`, the version of the membership's record as read; `undefined` if the write does not depend on it. A record that
   * was lost and made anew has another version.
   */
  readonly ifMemberVersion?: number | undefined;
  /** The version as read: that of the record, or with `member` that of the user's record. */
  readonly ifVersion: number;
  /** The core's time, Unix ms. */
  readonly now: number;
  /**
   * Raises `keepUntil` of the record. With `member`, raises those of the membership's and the user's records. `null`
   * keeps them for ever.
   */
  readonly keepUntil: number | null;
  /** The session that asked for the advance. It must be live. The same step writes its new credential and serial. */
  readonly initiator?: InitiatorRotation | undefined;
  /** Entries written in the same step, and only if the write happens. Empty for a store without the `audit` power. */
  readonly audit: readonly AuditRecord[];
}

/** A condition on the session that asked for the advance, and the rotation of its secret. */
export interface InitiatorRotation {
  /** The id of the session. */
  readonly id: string;
  /** The credential of the record that the core judged. */
  readonly ifCredential: Credential;
  /** The new credential. Equals `ifCredential` if the advance keeps no session. */
  readonly credential: Credential;
  /** The new serial. Stays the same if the credential does. */
  readonly serial: number;
}

/** One use of a session. */
export interface Touch {
  /** The id of the session. */
  readonly id: string;
  /** The tag of its user. */
  readonly user: Tag;
  /** The time of the use, Unix ms. */
  readonly at: number;
}

/** A page of a user's sessions, the youngest first (`createdAt`, then `id`, both descending). */
export interface ListPage {
  /** Only the sessions in this account. `null` selects only the sessions without an account. */
  readonly account?: Tag | null | undefined;
  /**
   * Only the sessions that bear one of these stamps. Sessions with other stamps are revoked. If `ended` is false, the store may
   * also leave out sessions that the user's record revokes.
   *
   * Use an index. A sign-in must not cost more because thousands of the user's sessions were revoked before it.
   */
  readonly born?: Born | undefined;
  /** Includes sessions with a tombstone, and sessions that have expired at `now`. */
  readonly ended: boolean;
  /** The core's time, Unix ms. */
  readonly now: number;
  /** Only rows after this one. */
  readonly after?:
    | {
        /** Unix ms. */
        readonly createdAt: number;
        /** The id of the session. */
        readonly id: string;
      }
    | undefined;
  /** The maximum number of rows. */
  readonly limit: number;
}

/** The stamps that living sessions of a user bear: usually one, and a second one for a kept session. */
export interface Born {
  /** Stamps of the user. */
  readonly user: readonly Stamp[];
  /** Stamps of the user's membership in the requested account. `null` accepts any. */
  readonly member: readonly Stamp[] | null;
}

/** Selects the users of a realm, or of one account in it. */
export interface UsersOf {
  /** The name of the realm. */
  readonly realm: string;
  /** The tag of the account; `null` for the whole realm. */
  readonly account: Tag | null;
}

/** One bounded batch of a pruning. */
export interface PruneBatch {
  /**
   * Unix ms. Removes sessions whose {@link endOf} is at this time or before, in every realm. Where realms share a store, the
   * shortest retention applies.
   */
  readonly sessionsBefore: number;
  /** Unix ms. Removes records whose `keepUntil` is before this time, without another test: a record in use has a later one. */
  readonly epochsBefore: number;
  /** The maximum number of sessions and records, together, that are removed, and the maximum of those that are tested with `revoked`. */
  readonly limit: number;
  /** Continues after this position among the sessions that never expire; `null` starts from the beginning. */
  readonly after: string | null;
  /**
   * Tells whether a session that never expires was revoked long ago. The core decides this, not the store. `found` must hold the
   * epochs of the session's own realm, whose tag is `realmTag(session.realm)`.
   * @param found a session that never expires, with its epochs.
   */
  revoked(found: FoundSession): boolean;
}

/** The result of one batch. */
export interface Pruned {
  /** Number of sessions that this call removed. */
  readonly sessions: number;
  /** Number of epoch records that this call removed. */
  readonly epochs: number;
  /** True if there is more to remove. `after` is then the position to continue from. */
  readonly more: boolean;
  /** The position among the sessions that never expire. `null` starts from the beginning. */
  readonly after: string | null;
}

/**
 * PORT: keeps sessions and epoch records. The core judges; a store compares and writes. Every verb is one atomic step:
 * it happens wholly or not at all, and every later read sees it.
 *
 * **Outcomes.** Expected outcomes are return values. An exception means that the store could not find out: the core
 * turns it into `SESSION_STORE_UNAVAILABLE` and accepts nothing on it. A write that failed in this way happened wholly
 * or not at all, and the caller may repeat it: the conditions of each write (`ifVersion`, `ifCredential`, a free id, no
 * tombstone) keep it from happening twice.
 *
 * **Fresh reads.** A store caches nothing, and every read sees what was committed before the call. Stale answers come
 * from replicas (also by a client's read preference), from a connection whose transaction began earlier, from
 * eventually consistent reads, and from caches in a proxy or a client. A store that can see such a setting refuses it
 * with `SESSION_STORE_UNSAFE`.
 *
 * **Values.** Texts compare byte for byte and come back unchanged. A text becomes part of a statement or a key only
 * together with its length. Records come back whole, epoch records with their notes. A stored record that cannot be decoded is an
 * exception. The store keeps no reference to its arguments. It hands out copies, which callers may change; records are
 * immutable, so a frozen one may be shared. Tags already name the realm, so several realms may share a store.
 *
 * **Time.** All times are Unix ms that the core gives. A store has no clock of its own.
 *
 * The contract suite in `session-revocation/testing` tests nearly every sentence here.
 * @example
 * ```ts
 * import { createSessions, type SessionStore } from 'session-revocation';
 * import { memoryStore } from 'session-revocation/memory';
 *
 * const store: SessionStore = memoryStore();
 * const shop = createSessions({ store, realm: 'shop' });
 * ```
 */
export interface SessionStore<Transaction = never> {
  /** Optional abilities of this store. */
  readonly powers?: StorePowers<Transaction> | undefined;

  /**
   * Reads epoch records, and changes nothing. A tag is that of a realm, an account or a user, or `memberTag(user, account)` for a
   * membership.
   *
   * Returns the records in the order of the tags, and `null` for each missing one. A tag may occur twice.
   *
   * The core judges by these records, so the store reads them from where `find` reads, in one round trip, after the call began.
   * If a user and a membership are read together, the membership's record is never older than the user's, because writes compare
   * with the user's version. In a caller's transaction this verb locks nothing, because many users share a realm's record. Its
   * answer may then be as old as the transaction.
   * @param tags tags of records, in any order.
   */
  readEpochs(tags: readonly Tag[]): Awaitable<readonly (VersionedEpoch | null)[]>;

  /**
   * Creates the missing ones of these records, raises `keepUntil` of the others, and reads them all. `now` is the
   * core's time, as in {@link UserWrite}.
   *
   * Returns the records in the order of the requests. An existing record stays as it is and keeps its version. If a tag
   * occurs twice, or two callers create one record at once, the first request creates it, the longest `keepUntil`
   * counts, and every request gets the same record.
   *
   * Raising `keepUntil` changes no version. Otherwise a stranger's attempts to sign in could keep a revocation from
   * passing its compare-and-set. If a user and a membership are requested together, the membership's record is never
   * older than the user's. In a caller's transaction, the store locks the records.
   * @param requests the records that must exist afterwards.
   * @param now the core's time, Unix ms.
   */
  ensureEpochs(requests: readonly EpochRequest[], now: number): Awaitable<readonly VersionedEpoch[]>;

  /**
   * Writes a new session, ends others, raises `keepUntil` of the user's record, and moves the user's version. If the
   * session is in an account, it also raises `keepUntil` of the membership's record.
   *
   * Returns `'conflict'`, and writes nothing, if the user's version is no longer the one that was read, or if one of
   * these records is missing. The same holds if the id is taken by a session of this user or, as far as the engine can
   * see, of any user. So a repeated call returns `'conflict'`.
   * @param session the record of the new session.
   * @param write the user's version as read, sessions to end, and the entries of the audit log.
   */
  add(session: SessionRecord, write: UserWrite): Awaitable<'added' | 'conflict'>;

  /**
   * Finds sessions. Each comes with the epochs of *its own* realm, account, user and membership. `realm` is the tag of
   * the realm's record. The membership's record is that of `memberTag(session.userTag, session.accountTag)`.
   *
   * Returns the sessions in the order of the references. Sessions with a tombstone and expired sessions are found too.
   * Returns `null` for a session that is missing, or whose tags differ from the reference: the client supplies the
   * tags, and another user's epochs must never judge a session. One bad reference never fails the others.
   *
   * The session and the records of its user and its membership are of one moment, because `advance` changes them in one
   * step. Reading the session first and these records afterwards would accept an old secret by the record that replaced
   * it; the other order would refuse a session that was just created. The records of the realm and the account may be
   * of another moment within the call, because a sharded engine keeps them elsewhere.
   * @param realm the tag of the realm's record.
   * @param refs the sessions to find. One may occur twice.
   */
  find(realm: Tag, refs: readonly SessionRef[]): Awaitable<readonly (FoundSession | null)[]>;

  /**
   * Reads a page of a user's sessions, each with its epochs as in `find`.
   *
   * Returns the sessions, the youngest first, and `more`, which tells whether rows follow. An unknown user has no sessions. Two
   * pages are two moments: a session that was added or removed in between may be missing, but no other session is, and none
   * occurs twice.
   * @param realm the tag of the realm's record.
   * @param user the tag of the user.
   * @param page which sessions, and how many.
   */
  list(
    realm: Tag,
    user: Tag,
    page: ListPage,
  ): Awaitable<{
    /** The sessions of the page, at most `limit`. */
    readonly found: readonly FoundSession[];
    /** True if rows follow. */
    readonly more: boolean;
  }>;

  /**
   * Notes uses of sessions. It only raises `lastUsedAt`, and never extends an absolute lifetime.
   *
   * Skips a session that is missing or has a tombstone, and one that is outside its lifetimes at `at` or at the time of
   * the write. It never creates or revives a session. A repeated or an older note changes nothing.
   *
   * `now` returns the core's time, Unix ms. The store calls it as late as possible: after it has waited for a
   * connection or a lock, and again on each retry. Otherwise a delayed note would revive a session that other callers
   * were told has expired. One case remains: a write sent before the session expired and executed after it. Admission
   * allows an hour for that (see {@link Ending}).
   * @param touches uses of sessions, of any users.
   * @param now returns the core's time, Unix ms.
   */
  touch(touches: readonly Touch[], now: () => number): Awaitable<void>;

  /**
   * Replaces the fields that a renewal may change: `credential serial account accountTag stamps.account stamps.member
   * authenticatedAt expiresAt idle amr attributes client`. It also raises `lastUsedAt`. It never changes `stamps.user` or
   * `stamps.realm`: a renewal must not carry a session over a revocation. In the same step it ends others, raises `keepUntil` as
   * `add` does, and with `moves` moves the version.
   *
   * Returns `'not-live'`, and writes nothing, if there is no such session of this user, its credential is no longer
   * `ifCredential`, it has a tombstone, or it is outside its lifetimes at `now`. So a repeated call returns `'not-live'`. With
   * `ifVersion`, returns `'conflict'`, and writes nothing, if the user's version differs, or if the record of the membership that
   * the session moves to is missing. If both apply, returns `'not-live'`: reading again cannot help.
   * @param renewal the record to write, and the conditions for writing it.
   */
  renew(renewal: Renewal): Awaitable<'renewed' | 'not-live' | 'conflict'>;

  /**
   * Writes a tombstone and the `audit` entries, and moves the user's version.
   *
   * Returns `true` if it did. Returns `false`, and writes nothing, if the session is missing, its tags differ from the
   * reference, it already has a tombstone, or it was used after `ifUnusedSince`. Of two calls at once, one returns
   * `true`. An expired session gets a tombstone too.
   * @param ref the session, and optionally the latest last use that it may have.
   * @param ended the tombstone to write.
   * @param audit entries written in the same step. Empty for a store without the `audit` power.
   */
  end(ref: EndRef, ended: Ended, audit: readonly AuditRecord[]): Awaitable<boolean>;

  /**
   * Replaces an epoch record and moves its version. With `member`, replaces the record of the user's membership
   * instead, and moves both versions. With `initiator`, also rotates that session's credential and serial.
   *
   * Returns `'conflict'`, and writes nothing, if the version is no longer `ifVersion`, or a record is missing. With
   * `member`, also if the version of the membership's record is not `ifMemberVersion`. So a repeated call returns
   * `'conflict'`, and of several calls at once with the same version, one returns `'advanced'`.
   *
   * With `initiator`, returns `'not-live'`, and writes nothing, unless that session belongs to this user, has the
   * credential `ifCredential` and no tombstone, and is within its lifetimes at `now`. If both apply, returns
   * `'conflict'`: the caller then judges the session by the newer record.
   * @param tag the tag of the record. With `member`, the user's tag.
   * @param advance the record to write, and the conditions for writing it.
   */
  advance(tag: Tag, advance: Advance): Awaitable<'advanced' | 'conflict' | 'not-live'>;

  /**
   * Names users who have sessions there, living or over, at most `limit` in a page, in any order.
   *
   * `after` is the position that the previous page returned: `null` starts, and a returned `null` means the end. A page may be
   * short or empty. The store may name a user twice, and may name a user whose sessions have moved. It misses no user who had
   * sessions there all the while.
   *
   * `of.realm` is a name, not a tag, because sessions hold the name of their realm, and a user's tag does not tell its realm.
   * @param of the realm, or one account in it.
   * @param after the position of the previous page, or `null` for the first page.
   * @param limit the maximum number of users in a page.
   */
  listUsers(
    of: UsersOf,
    after: string | null,
    limit: number,
  ): Awaitable<{
    /** The tags of the users. */
    readonly users: readonly Tag[];
    /** The position of the next page; `null` at the end. */
    readonly after: string | null;
  }>;

  /**
   * Names accounts in which the user's membership was ever advanced and still has a record, at most `limit` in a page, in any
   * order. `after` works as in `listUsers`. The store may name other accounts, and may name an account twice.
   * @param user the tag of the user.
   * @param after the position of the previous page, or `null` for the first page.
   * @param limit the maximum number of accounts in a page.
   */
  memberships(
    user: Tag,
    after: string | null,
    limit: number,
  ): Awaitable<{
    /** The tags of the accounts. */
    readonly accounts: readonly Tag[];
    /** The position of the next page; `null` at the end. */
    readonly after: string | null;
  }>;

  /**
   * Removes `limit` sessions of a user, living or over, or all if there are fewer. Leaves the user's record, and moves
   * its version if it removed any.
   *
   * Returns how many were removed: fewer than `limit` means that none is left. An unknown user has none.
   * @param user the tag of the user.
   * @param limit the maximum number of sessions to remove.
   */
  deleteSessions(user: Tag, limit: number): Awaitable<number>;

  /**
   * Removes one batch of rows that are no longer needed. Any number of pruners may run at once, and two may see the
   * same row: only the removal that took place counts.
   *
   * Returns the counts, whether there is `more`, and the position `after` to continue from. The position names one
   * session. Several sessions share a user, a creation time or a record, and a batch may end between them. The position
   * stays valid after that session was removed. A call that fails may have removed rows; the next batch goes on from
   * the old position.
   * @param batch which rows are no longer needed, and how many may be removed.
   */
  prune(batch: PruneBatch): Awaitable<Pruned>;

  /**
   * Creates or upgrades the tables, and checks that the engine is safe to rely on. May be called at any time, repeatedly, and by
   * several processes at once. Embedded stores call it themselves. Other stores never change a schema without this call.
   */
  setup?(): Awaitable<void>;

  /**
   * Releases the resources that the store itself opened. Every later call of a verb or a power throws or rejects.
   * Closing again does nothing.
   */
  close?(): Awaitable<void>;
}

/**
 * The optional abilities of a store. The store declares each one; the core never detects them. An option that needs an undeclared
 * power throws `SESSION_STORE_LACKS_POWER` at once. The rules of the port for verbs apply to powers too.
 */
export interface StorePowers<Transaction = never> {
  /** Keeps the audit log. The store writes every {@link AuditRecord} that comes with a verb in that verb's own step. */
  readonly audit?: AuditPower | undefined;
  /** Queues messages for other systems. A store with this power also has the power `audit`. */
  readonly outbox?: OutboxPower | undefined;
  /** Keeps the policies of accounts. */
  readonly policies?: PolicyPower | undefined;
  /** Writes in a transaction of the caller. */
  readonly transactions?: TransactionPower<Transaction> | undefined;
  /** Reports the state of the engine. */
  readonly diagnosis?: DiagnosisPower | undefined;
  /** Tells what changed, so that checks from memory need no read of their own. */
  readonly changes?: ChangesPower | undefined;
}

/** POWER: writes in a transaction that the caller began and will commit. `Transaction` is the caller's handle of it. */
export interface TransactionPower<Transaction> {
  /**
   * Returns a store whose verbs run within that transaction: `readEpochs`, `ensureEpochs`, `find`, `list`, `end`,
   * `advance`, and the powers `audit` and `policies`.
   *
   * **Writes** are visible to others only after the commit, and are gone after a rollback.
   *
   * **Reads** see the latest commits of others that the engine can show. Those of `ensureEpochs` take the locks that
   * let the writes compare with them. A row committed after the transaction's snapshot is never reported as missing:
   * the verb finds it or rejects.
   *
   * **Commit.** The core learns of the commit from the records that `ensureEpochs` creates in the transaction. A second
   * connection that creates the same record should wait for the end of the transaction, so that its answer is final.
   *
   * **Other verbs**, and `prune` of the audit log, reject with a `TypeError`. They never run in a caller's transaction.
   *
   * **Errors.** Before the transaction begins and after it ends, every verb throws `SESSION_STORE_UNSAFE`. The store
   * retries nothing: an error fails the caller's transaction. Closing this store does nothing.
   * @param transaction the caller's open transaction, as the store's client represents it.
   */
  within(transaction: Transaction): SessionStore;
}
