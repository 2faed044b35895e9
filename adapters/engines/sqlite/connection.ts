import { SessionError } from '../../../src/index.ts';
import type { SqliteConnection } from './client.ts';
import { type Command, isBusy, Preparer, type RowQuery, type RowsQuery } from './prepared.ts';

/**
 * Length of the write-ahead log, in pages, from which a commit copies it into the database. This blocks the process.
 * With a tenth of SQLite's default, pruning is a third slower, but the longest wait is 10 ms instead of 30.
 */
const CHECKPOINT_PAGES = 100;

/** Time limit of waits that must not block the process for long, in ms. Longer than another process takes to commit. */
const SOON = 20;

/** The property that tells whether a transaction is open. Each driver has at most one of these. */
interface Transacting {
  /** libsql and better-sqlite3. */
  readonly inTransaction?: boolean;
  /** `node:sqlite`, from Node 22.16. */
  readonly isTransaction?: boolean;
}

/** A connection to the file, with the transactions of the store. Only the store may use it. */
export class Database {
  readonly #connection: SqliteConnection;
  readonly #timeout: number;
  readonly #preparer: Preparer;
  #closed = false;
  #isInTransaction = false;
  #readVersion: RowQuery | null = null;
  #readTotal: RowQuery | null = null;
  /** `total_changes()` after the last write of this object. */
  #total: unknown = 0;
  /** True if the log may hold erased text, because another connection was reading it. */
  #holdsErased = false;

  constructor(connection: SqliteConnection, timeout: number) {
    this.#connection = connection;
    this.#timeout = timeout;
    this.#preparer = new Preparer(connection);
  }

  get closed(): boolean {
    return this.#closed;
  }

  ready(): void {
    if (this.#closed) throw new Error('the connection is closed');
    this.#preparer.settle();
  }

  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  row(sql: string): RowQuery {
    return this.#preparer.row(sql);
  }

  rows(sql: string): RowsQuery {
    return this.#preparer.rows(sql);
  }

  command(sql: string): Command {
    return this.#preparer.command(sql);
  }

  /** Sets the options of the connection. They are needed before the first access to the file, and do not change it. */
  configure(): void {
    this.exec(`PRAGMA busy_timeout = ${this.#timeout}`);
    this.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    this.exec('PRAGMA synchronous = FULL');
    // Zeroes removed rows within their pages. Always on: a page that was split has copies of its rows.
    this.exec('PRAGMA secure_delete = FAST');
  }

  /** Switches the file to a write-ahead log, with which readers and a writer do not wait for each other. */
  useWriteAheadLog(): void {
    const mode = this.row('PRAGMA journal_mode = WAL')()?.[0];
    if (mode === 'wal' || mode === 'memory') return;
    const message = `the file has the journal mode ${mode} and cannot have a write-ahead log; is it on a local disk?`;
    throw new SessionError('SESSION_STORE_UNAVAILABLE', message);
  }

  /** Runs a step in a transaction that only reads. All reads of the step see one snapshot. */
  read<T>(step: () => T): T {
    this.exec('BEGIN');
    return this.#finish(step);
  }

  /**
   * Tells whether other connections or other code have written. `version` changes with each commit of another
   * connection. `isOwn` is false if other code wrote over this connection.
   *
   * @throws if a transaction is open, because the answer would be that of its snapshot.
   */
  standing(): { readonly version: unknown; readonly isOwn: boolean } {
    const { inTransaction, isTransaction } = this.#connection as SqliteConnection & Transacting;
    if (this.#isInTransaction || inTransaction === true || isTransaction === true) {
      throw new Error('a transaction is open on the connection');
    }
    // Two statements: one that joins them takes twice as long, and every check asks.
    this.#readVersion ??= this.row('PRAGMA data_version');
    const version = this.#readVersion()?.[0];
    const total = this.#totalChanges();
    const isOwn = total === this.#total;
    this.#total = total;
    return { version, isOwn };
  }

  #totalChanges(): unknown {
    this.#readTotal ??= this.row('SELECT total_changes()');
    return this.#readTotal()?.[0];
  }

  /** Runs a step in a transaction that writes. The step is on disk when this returns. */
  write<T>(step: () => T): T {
    // IMMEDIATE: a transaction that begins with a read could not write if another process has written since.
    this.exec('BEGIN IMMEDIATE');
    const outcome = this.#finish(() => {
      const result = step();
      this.#total = this.#totalChanges();
      return result;
    });
    if (this.#holdsErased) this.#truncateLog(0);
    return outcome;
  }

  /**
   * Like `write`, but a crash of the machine (not of the process) may undo the step. Use it only for writes that were
   * not promised to a caller. It costs a tenth of a synced write. If the step is on disk, so is everything committed
   * before it.
   */
  writeUnsynced<T>(step: () => T): T {
    // Must not be a prepared statement: SQLite applies this pragma when it prepares the statement, not when it runs.
    this.exec('PRAGMA synchronous = NORMAL');
    try {
      return this.write(step);
    } finally {
      this.#orClose(() => this.exec('PRAGMA synchronous = FULL'));
    }
  }

  /**
   * Like `writeUnsynced`, but gives up soon if another process is writing, because SQLite waits synchronously. Use it
   * for work that is retried anyway: one stuck writer must not stop every check of this process.
   */
  writeSoon<T>(step: () => T): T {
    return this.#withTimeout(SOON, () => this.writeUnsynced(step));
  }

  #withTimeout<T>(timeout: number, step: () => T): T {
    this.exec(`PRAGMA busy_timeout = ${Math.min(timeout, this.#timeout)}`);
    try {
      return step();
    } finally {
      this.#orClose(() => this.exec(`PRAGMA busy_timeout = ${this.#timeout}`));
    }
  }

  /**
   * Runs a step that removes personal data. Afterwards, the removed data is not in the file. It is not in the
   * write-ahead log either, unless another connection is reading the log. Then the next write that finds no reader
   * empties the log.
   */
  erase<T>(step: () => T): T {
    // Also zeroes whole freed pages. Pruning does not use it, because its longest wait would become ten times as long.
    this.exec('PRAGMA secure_delete = ON');
    let outcome: T;
    try {
      outcome = this.write(step);
    } finally {
      this.#orClose(() => this.exec('PRAGMA secure_delete = FAST'));
    }
    this.#truncateLog(SOON);
    return outcome;
  }

  /**
   * Empties the write-ahead log, which may hold erased text. The erasing step is already committed, so a failure here
   * is not an error of that step. The next write tries again.
   */
  #truncateLog(timeout: number): void {
    this.#holdsErased = true;
    try {
      const [result] = this.#withTimeout(timeout, () => this.rows('PRAGMA wal_checkpoint(TRUNCATE)')());
      this.#holdsErased = result?.[0] !== 0;
    } catch {}
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  #finish<T>(step: () => T): T {
    this.#isInTransaction = true;
    try {
      const outcome = step();
      this.exec('COMMIT');
      return outcome;
    } catch (error) {
      this.#rollBack();
      throw error;
    } finally {
      this.#isInTransaction = false;
    }
  }

  /**
   * Ends a failed transaction. In a transaction that stays open, this connection would see uncommitted changes, and no
   * new data.
   */
  #rollBack(): void {
    try {
      this.exec('ROLLBACK');
    } catch {
      // After some errors SQLite has already rolled back, and reports that there is nothing to roll back.
      this.#orClose(() => this.exec('BEGIN; ROLLBACK'));
    }
  }

  /** Runs a step, and closes the connection if it fails: the state of the connection is then unknown. */
  #orClose(step: () => void): void {
    try {
      step();
    } catch {
      this.close();
    }
  }
}

/** Opening is retried for at least this long when other processes hold locks, in ms. */
const OPENING_LASTS = 1_000;

/** Never notified: waiting on it is a synchronous sleep. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * Opens the file, and tries again while other processes hold locks. SQLite's own timeout is not enough: if several
 * processes open a new file at once, it rejects some immediately.
 */
export function openWithRetry<T>(open: () => T, timeout: number): T {
  const until = performance.now() + Math.max(OPENING_LASTS, timeout);
  for (let tries = 1; ; tries++) {
    try {
      return open();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
      Atomics.wait(NEVER, 0, 0, Math.min(tries, 5) * (5 + 10 * Math.random()));
    }
  }
}
