import type { Awaitable } from '../lib/awaitable.ts';
import type { Attributes } from '../model/attributes.ts';
import type { Attribution } from '../model/attribution.ts';
import type { ScopeName } from '../model/scope.ts';
import type { Tag } from '../model/token.ts';

/**
 * Records one event in the audit log. It never holds a token or a secret.
 * @example
 * ```ts
 * const { entries } = await sessions.audit({ user: 'ann' });
 * for (const { at, type, by, reason } of entries) console.log(new Date(at), type, by, reason);
 * ```
 */
export interface AuditEntry extends Attribution {
  /** 128 random bits. `at` and then `id` give the order of the log. */
  readonly id: string;
  /** Unix ms. */
  readonly at: number;
  /** The name of the event, or the name that `audit.names` maps it to. */
  readonly type: string;
  /** The name of the realm. */
  readonly realm: string;
  /** The user that the entry is about. `null` for an entry about an account or the realm, and after the user was forgotten. */
  readonly user: string | null;
  /** The account (tenant) that the entry is about; `null` for none. */
  readonly account: string | null;
  /** The scope of a revocation. */
  readonly scope: ScopeName | null;
  /** A session's public id. */
  readonly session: string | null;
  /** The label of the session's device. */
  readonly device: string | null;
  /** The address of that device; `null` if unknown. */
  readonly ip: string | null;
  /** The other details of the event: at most 4,096 bytes of JSON, or `truncated: true` in place of more. */
  readonly details: Attributes;
}

/** An entry with its search keys and its retention. */
export interface AuditRecord {
  /** The entry to store. */
  readonly entry: AuditEntry;
  /** The tag of the entry's realm. */
  readonly realm: Tag;
  /** The tag of the user that the entry is about. */
  readonly user: Tag | null;
  /** The tag of the account that the entry is about. */
  readonly account: Tag | null;
  /** The actor's tag as a user. */
  readonly by: Tag | null;
  /** The end of the retention, Unix ms. `prune` removes the entry afterwards. */
  readonly keepUntil: number;
  /** A message to queue in the step that writes the entry. Only for a store with the power `outbox`. */
  readonly message?: QueuedMessage | undefined;
}

/** A message for other systems, one copy for each queue. Its id is the id of the entry. */
export interface QueuedMessage {
  /** The names of the queues, each once, at most 64. A name has 1 to 64 characters of `a-z 0-9 . _ -`. */
  readonly queues: readonly string[];
  /** The text of the message, opaque to the store. At most 8,192 characters. */
  readonly body: string;
}

/** A page of the log, the youngest entries first (`at`, then `id`, both descending). An entry must match every member given. */
export interface AuditPage {
  /** The tag of the realm. */
  readonly realm: Tag;
  /** The tag of a user: only entries about this user. */
  readonly user?: Tag | undefined;
  /** The tag of an account: only entries about this account. */
  readonly account?: Tag | undefined;
  /** The tag of an actor: only entries with this `by`. */
  readonly by?: Tag | undefined;
  /** Only entries of one of these types. */
  readonly types?: readonly string[] | undefined;
  /** Unix ms, included. */
  readonly since?: number | undefined;
  /** Unix ms, not included. */
  readonly until?: number | undefined;
  /** Only entries after this one. */
  readonly after?:
    | {
        /** Unix ms. */
        readonly at: number;
        /** The id of the entry. */
        readonly id: string;
      }
    | undefined;
  /** The maximum number of entries. */
  readonly limit: number;
}

/** POWER: the audit log. */
export interface AuditPower {
  /**
   * Writes entries that belong to no other write. Skips an entry that exists already.
   * @param records the entries, with their search keys and their retention.
   */
  append(records: readonly AuditRecord[]): Awaitable<void>;

  /**
   * Reads a page. `more` tells whether entries follow.
   * @param page which entries, and how many.
   */
  read(page: AuditPage): Awaitable<{
    /** The entries of the page, at most `limit`. */
    readonly entries: readonly AuditEntry[];
    /** True if entries follow. */
    readonly more: boolean;
  }>;

  /**
   * Erases a person from `limit` entries, or from all of them if there are fewer. Returns how many.
   *
   * - In an entry about the user, `user session device ip by reason note fromDevice` become `null` and `details` becomes empty.
   * Searches by its `user` or its `by` no longer find it.
   * - In another entry by the user, `by reason note fromDevice` become `null`. Searches by its `by` no longer find it.
   *
   * All other values stay. So do messages of the outbox: they tell other systems to end this person's sessions.
   * @param user the tag of the person, as a user and as an actor.
   * @param limit the maximum number of entries to change.
   */
  forget(user: Tag, limit: number): Awaitable<number>;

  /**
   * Removes `limit` entries whose `keepUntil` is before this time (Unix ms), or all if there are fewer. Returns how
   * many.
   * @param before Unix ms.
   * @param limit the maximum number of entries to remove.
   */
  prune(before: number, limit: number): Awaitable<number>;
}

/** A message that waits in a queue of the outbox. */
export interface OutboxMessage {
  /** The id of the entry that it was written with. */
  readonly id: string;
  /** When the event took place, Unix ms. */
  readonly at: number;
  /** The text of the message, as it was queued. */
  readonly body: string;
  /** What a worker noted about the message, at most 1,024 characters. A new message has the empty text. */
  readonly state: string;
}

/** Selects messages of one queue, the oldest first. */
export interface OutboxPage {
  /** The tag of the realm. */
  readonly realm: Tag;
  /** The name of the queue. */
  readonly queue: string;
  /** The position of the previous page, or `null` for the first page. */
  readonly after: string | null;
  /** The maximum number of messages. */
  readonly limit: number;
}

/** A change of one message. */
export interface OutboxChange {
  /** The tag of the realm. */
  readonly realm: Tag;
  /** The name of the queue that the message is in. */
  readonly queue: string;
  /** The id of the message. */
  readonly id: string;
  /** The state as the caller read it. The change happens only if it is still the same. */
  readonly ifState: string;
  /** The new state; `null` removes the message. */
  readonly state: string | null;
  /** Moves the message to the end of this queue, with its new state. Default: it stays at its place. */
  readonly to?: string | undefined;
}

/** The length of a queue. */
export interface QueueCount {
  /** The name of the queue. */
  readonly queue: string;
  /** Number of its messages. */
  readonly messages: number;
}

/**
 * POWER: queues of messages for other systems. A message is written in the same step as its entry of the audit log, so
 * it is there exactly if the change is. A step that skips the entry, because it exists already, queues nothing.
 *
 * A queue keeps the order of the steps that wrote one user's record. Steps that wrote different records may follow each
 * other in any order. A message that is committed late is never skipped: readers begin at the front of the queue.
 */
export interface OutboxPower {
  /**
   * Reads messages of a queue, the oldest first, and changes nothing. An unknown queue is empty.
   * @param page which queue, and how many messages.
   */
  read(page: OutboxPage): Awaitable<{
    /** The messages of the page, at most `limit`. */
    readonly messages: readonly OutboxMessage[];
    /** The position of the next page; `null` at the end. */
    readonly after: string | null;
  }>;

  /**
   * Changes a message if its state is still the one that was read, in one step. Returns `false`, and changes nothing, if
   * the state differs or the message is not in that queue. Of several callers that read one state, one succeeds.
   * @param change the message, its new state, and the queue to move it to.
   */
  change(change: OutboxChange): Awaitable<boolean>;

  /**
   * Counts the messages of each queue that has any, in any order.
   * @param realm the tag of the realm.
   */
  queues(realm: Tag): Awaitable<readonly QueueCount[]>;

  /**
   * Removes `limit` messages, in all realms, whose entry had a `keepUntil` before this time (Unix ms), or all if there are
   * fewer. Returns how many.
   * @param before Unix ms.
   * @param limit the maximum number of messages to remove.
   */
  prune(before: number, limit: number): Awaitable<number>;
}

/** A policy to write. */
export interface PolicyWrite {
  /** The tag of the account. */
  readonly account: Tag;
  /** The policy as text, opaque to the store. At most 4,096 characters. */
  readonly value: string;
  /** The stored value as the caller read it. The write happens only if it is still the same. `null` if no policy was stored. */
  readonly ifValue: string | null;
  /** Entries written in the same step, and only if the write happens. Empty for a store without the `audit` power. */
  readonly audit: readonly AuditRecord[];
}

/** POWER: the policies of accounts, as texts of at most 4,096 characters. They never expire. */
export interface PolicyPower {
  /**
   * Reads an account's policy. Returns `null` if none was set.
   * @param account the tag of the account.
   */
  get(account: Tag): Awaitable<string | null>;

  /**
   * Writes a policy if the stored value is still the one that was read. Otherwise returns `'conflict'` and writes
   * nothing.
   * @param write the policy, and the stored value that it replaces.
   */
  set(write: PolicyWrite): Awaitable<'set' | 'conflict'>;
}

/** The result of one check of the engine. */
export interface Finding {
  /** `'connection'`, `'version'`, `'schema'`, `'rights'`, `'role'`, `'durability'`, `'eviction'`, `'clock'`, `'replicas'`, … */
  readonly subject: string;
  /**
   * `'problem'`: sessions would be lost, or revoked sessions would come back. `'warning'`: the store works, but could be safer.
   */
  readonly level: 'ok' | 'warning' | 'problem';
  /** The observed state, in words. */
  readonly found: string;
  /** The recommended action; `null` for level `'ok'`. */
  readonly advice: string | null;
}

/** The realms that a store holds sessions of. */
export interface RealmsFound {
  /** The names, each once, in any order. */
  readonly realms: readonly string[];
  /** `false` if the store has more users than were examined. It may then hold other realms. */
  readonly complete: boolean;
}

/** POWER: checks whether the engine keeps sessions safely. */
export interface DiagnosisPower {
  /**
   * Checks the engine and changes nothing. Works before `setup` too. `now` is the time of this process, Unix ms: the store
   * reports a clock that is far off. Rejects if the engine cannot be reached.
   * @param now the time of this process, Unix ms.
   */
  diagnose(now: number): Awaitable<readonly Finding[]>;

  /** Reads the server's clock, Unix ms. A process far ahead of it prunes nothing. An embedded store leaves this out. */
  clock?(): Awaitable<number>;

  /**
   * Names the realms of at most `limit` users who have sessions, living or over; of all users if there are fewer. A user is in
   * one realm. The store does not read a user's sessions one by one, so the cost does not grow with the store.
   *
   * The order of the users must be independent of their realm, for example the order of their tags. The command line shows the
   * names if a search finds nothing. A store may leave this out.
   * @param limit the maximum number of users to examine.
   */
  realms?(limit: number): Awaitable<RealmsFound>;
}

/** The reply of a store to the question what has changed. */
export interface Changes {
  /**
   * The tags that were touched by changes which the position had not seen, in any order; a tag may occur twice. `null`
   * means that any tag may have been touched: the position is unknown, too old, or from before a crash or a failover.
   */
  readonly tags: readonly Tag[] | null;
  /** The position of the next question: at most 100,000 characters. It has seen all changes in `tags`. */
  readonly position: string;
}

/**
 * POWER: tells what changed, so that a process may answer checks from memory.
 *
 * A change is a write that ends, restricts or rotates sessions: `advance`, `end`, `add` that ends others, `renew`, and
 * `deleteSessions`, in a caller's transaction too. Each one records its tag in the same atomic step: that of `advance`,
 * and the user's tag for the others. A `prune` that removes an epoch record records its tag, or every tag. A call that
 * wrote nothing records nothing.
 */
export interface ChangesPower {
  /**
   * True if `since` answers synchronously, and costs less than reading a session. Without the option `freshness`, the core then calls
   * `since` at every check. Checks from memory are then as strict as checks that read the store.
   */
  readonly isSynchronous?: true | undefined;

  /**
   * Returns every change that was committed before the call and that the position has not seen, with the new position.
   * It may return changes again that the position has seen. Changes in transactions that are still open follow in a
   * later answer: numbers that are given before the commit are not enough, because another transaction may commit a
   * higher one first.
   *
   * `null` asks for a first position; its answer has `tags: null`. `tags` is also `null` if the store no longer knows
   * all changes after the position: they were pruned, or lost in a crash or a failover, or there are too many.
   *
   * A position stays valid if its answer is lost. The core never asks two questions of one store object at once, and
   * never asks within a transaction.
   *
   * `prune` removes recorded changes that are older than an hour, or the store removes them by itself.
   * @param position the position of an earlier answer, or `null` for a first one.
   */
  since(position: string | null): Awaitable<Changes>;
}
