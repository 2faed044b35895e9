import type { Cause } from './cause.ts';
import type { Attributes } from './input.ts';
import type { ScopeName } from './session.ts';
import type { Awaitable, SessionStore } from './store.ts';
import type { Tag } from './token.ts';

/**
 * What a store can do beyond its verbs. A power is declared, never sniffed: an option that needs one which is not
 * declared is `SESSION_STORE_LACKS_POWER` at once. Everything that the port says of verbs holds for these, too.
 */
export interface StorePowers<Transaction = never> {
  /** Keeps the audit log. A store that declares it writes every {@link AuditRecord} that comes with a verb in that verb's own step. */
  readonly audit?: AuditPower | undefined;
  /** Keeps the policies of accounts. */
  readonly policies?: PolicyPower | undefined;
  /** Writes in a transaction of the caller's. */
  readonly transactions?: TransactionPower<Transaction> | undefined;
  /** Says how the engine stands. */
  readonly diagnosis?: DiagnosisPower | undefined;
}

/** What happened, as the audit log tells it. No token and no secret is ever in it. */
export interface AuditEntry extends Cause {
  /** 128 random bits; with `at`, the order of the log. */
  readonly id: string;
  /** Unix ms. */
  readonly at: number;
  /** The name of the event, or what `audit.names` makes of it. */
  readonly type: string;
  readonly realm: string;
  /** Whom it is about; `null` where it is about an account or the realm, or the user was forgotten. */
  readonly user: string | null;
  readonly account: string | null;
  /** What a revocation covered. */
  readonly scope: ScopeName | null;
  /** A session's public id. */
  readonly session: string | null;
  /** The label of the session's device. */
  readonly device: string | null;
  readonly ip: string | null;
  /** What else the event says: at most 4,096 bytes of JSON, or `truncated: true` for what would be more. */
  readonly details: Attributes;
}

/** An entry, what it is found by, and how long it must be kept. */
export interface AuditRecord {
  readonly entry: AuditEntry;
  readonly realm: Tag;
  readonly user: Tag | null;
  readonly account: Tag | null;
  /** The tag that the actor has as a user. */
  readonly by: Tag | null;
  /** Unix ms. */
  readonly keepUntil: number;
}

/** A page of the log, the youngest first (`at`, then `id`, both falling). All that is named must hold. */
export interface AuditPage {
  readonly realm: Tag;
  readonly user?: Tag | undefined;
  readonly account?: Tag | undefined;
  readonly by?: Tag | undefined;
  readonly types?: readonly string[] | undefined;
  /** Unix ms, included. */
  readonly from?: number | undefined;
  /** Unix ms, not included. */
  readonly until?: number | undefined;
  /** Only what comes after this entry. */
  readonly after?: { readonly at: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** POWER: the audit log. */
export interface AuditPower {
  /** Writes what has no other write that it could go with. An entry that is there already is passed by. */
  append(records: readonly AuditRecord[]): Awaitable<void>;

  /** A page; `more` tells whether entries follow. */
  read(page: AuditPage): Awaitable<{ readonly entries: readonly AuditEntry[]; readonly more: boolean }>;

  /**
   * Erases a person from `limit` entries, or all where there are fewer, and tells how many. Of an entry about the user:
   * `user session device ip by reason note from` become `null`, `details` empty, and neither its `user` nor its `by` finds
   * it again. Of another one by the user: `by reason note from` become `null`, and its `by` finds it no more. The rest stays.
   */
  forget(user: Tag, limit: number): Awaitable<number>;

  /** Removes `limit` entries whose `keepUntil` is before this time, or all where there are fewer, and tells how many. */
  prune(before: number, limit: number): Awaitable<number>;
}

/** A policy to write. */
export interface PolicyWrite {
  readonly account: Tag;
  readonly value: string;
  /** What was read; `null` for none. */
  readonly ifValue: string | null;
  readonly audit: readonly AuditRecord[];
}

/** POWER: the policies of accounts, as texts of at most 4,096 characters. They are kept for ever. */
export interface PolicyPower {
  /** `null` where none was set. */
  get(account: Tag): Awaitable<string | null>;

  /** Writes a policy if the one that was read is still there; otherwise `'conflict'`, and nothing is written. */
  set(write: PolicyWrite): Awaitable<'set' | 'conflict'>;
}

/** POWER: writing in a transaction that the caller began and will commit. `Transaction` is what the caller has of it. */
export interface TransactionPower<Transaction> {
  /**
   * The verbs within that transaction: `epochs`, `find`, `list`, `end`, `advance`, and the powers `audit` and `policies`.
   * Their writes are seen by nobody else before the commit, and gone after a rollback; their reads see what was committed
   * by others as late as the engine can, and those of `epochs` take the locks that let their writes compare with it. What
   * was committed after the transaction's snapshot is never answered as missing: it is found, or the verb rejects. Nothing is
   * retried: what fails there fails the caller's transaction. Closing it does nothing.
   */
  within(transaction: Transaction): SessionStore;
}

/** One thing that was looked at. */
export interface Finding {
  /** What: `'connection'`, `'version'`, `'schema'`, `'rights'`, `'role'`, `'durability'`, `'eviction'`, `'clock'`, `'replicas'`, … */
  readonly subject: string;
  /** `'problem'`: sessions would be lost, or come back. `'warning'`: it works, and could be safer. */
  readonly level: 'ok' | 'warning' | 'problem';
  /** What was found, in words. */
  readonly found: string;
  /** What to do about it; `null` where it is well. */
  readonly advice: string | null;
}

/** POWER: a look at the engine: whether sessions are safe there. */
export interface DiagnosisPower {
  /**
   * Never changes anything, and works also where the store is not set up. `now` is the process's time, Unix ms: a clock
   * that is far off is told. Rejects where the engine cannot be asked at all.
   */
  diagnose(now: number): Awaitable<readonly Finding[]>;
}
