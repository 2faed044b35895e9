import { SessionError } from '../../../src/index.ts';
import type { SqliteConnection } from './connection.ts';
import { type Command, isBusy, Preparer, type RowQuery, type RowsQuery } from './statement.ts';

/**
 * After so many pages the commit that is at hand carries the log over into the database, and everybody waits for it. A
 * tenth of SQLite's default: pruning is a third slower, and the longest wait is 10 ms rather than 30.
 */
const CHECKPOINT_PAGES = 100;

/** Longer than another process takes to commit, in ms. */
const SOON = 20;

/** A connection that belongs to the store alone, and its transactions. */
export class Database {
  readonly #connection: SqliteConnection;
  readonly #busyTimeout: number;
  readonly #preparer: Preparer;
  #closed = false;

  constructor(connection: SqliteConnection, busyTimeout: number) {
    this.#connection = connection;
    this.#busyTimeout = busyTimeout;
    this.#preparer = new Preparer(connection);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** To be called before anything is asked. */
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

  /** What must be set before the first look at the file, and changes nothing in it. */
  configure(): void {
    this.exec(`PRAGMA busy_timeout = ${this.#busyTimeout}`);
    this.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    this.exec('PRAGMA synchronous = FULL');
    // Zeros over what is removed from a page. Always: one that was split before has copies of its rows.
    this.exec('PRAGMA secure_delete = FAST');
  }

  /** Gives the file a write-ahead log: readers and a writer do not wait for each other. */
  useWriteAheadLog(): void {
    const mode = this.row('PRAGMA journal_mode = WAL')()?.[0];
    if (mode === 'wal' || mode === 'memory') return;
    const message = `the file has the journal mode ${mode} and cannot have a write-ahead log; is it on a local disk?`;
    throw new SessionError('SESSION_STORE_UNAVAILABLE', message);
  }

  /** Several reads of one moment. */
  read<T>(step: () => T): T {
    this.exec('BEGIN');
    return this.#finish(step);
  }

  /** One atomic step, on the disk when this returns. */
  write<T>(step: () => T): T {
    // At once: one that began by reading could not write any more where another process has written since.
    this.exec('BEGIN IMMEDIATE');
    return this.#finish(step);
  }

  /**
   * One atomic step that may be undone if the machine (not the process) crashes, for what nobody was promised. It costs
   * a tenth. The order holds: whatever is on the disk is there with all that was committed before it.
   */
  writeUnsynced<T>(step: () => T): T {
    // Never a prepared statement: SQLite obeys this one when it is prepared, not when it runs.
    this.exec('PRAGMA synchronous = NORMAL');
    try {
      return this.write(step);
    } finally {
      this.#orClose(() => this.exec('PRAGMA synchronous = FULL'));
    }
  }

  /**
   * The same, and gives up soon where another process writes. For what is done again by itself: SQLite waits
   * synchronously, and one stuck writer must not stop every check of this process.
   */
  writeSoon<T>(step: () => T): T {
    return this.#impatiently(() => this.writeUnsynced(step));
  }

  #impatiently<T>(step: () => T): T {
    this.exec(`PRAGMA busy_timeout = ${Math.min(SOON, this.#busyTimeout)}`);
    try {
      return step();
    } finally {
      this.#orClose(() => this.exec(`PRAGMA busy_timeout = ${this.#busyTimeout}`));
    }
  }

  /** One atomic step after which what it removed is neither in the file nor, unless somebody reads it, in the log beside it. */
  erase<T>(step: () => T): T {
    // Over whole pages, too: in a pruning, the longest wait is ten times as long with it.
    this.exec('PRAGMA secure_delete = ON');
    let outcome: T;
    try {
      outcome = this.write(step);
    } finally {
      this.#orClose(() => this.exec('PRAGMA secure_delete = FAST'));
    }
    // Where somebody is in the way, the next one does it.
    this.#impatiently(() => this.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
    return outcome;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  #finish<T>(step: () => T): T {
    try {
      const outcome = step();
      this.exec('COMMIT');
      return outcome;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Leaves no transaction open: within it, this connection would see what never happened, and nothing new. */
  #rollBack(): void {
    try {
      this.exec('ROLLBACK');
    } catch {
      // After some errors SQLite has rolled back by itself, and says that there is nothing to roll back.
      this.#orClose(() => this.exec('BEGIN; ROLLBACK'));
    }
  }

  /** A connection whose state is unknown is not asked any more. */
  #orClose(step: () => void): void {
    try {
      step();
    } catch {
      this.close();
    }
  }
}

/** How long an opening is tried at the least, where others are in the way, in ms. */
const OPENING_LASTS = 1_000;

/** Nobody changes it: waiting for it is sleeping. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * Opens a database, and comes again where somebody else's lock is in the way, for as long as others are waited for: of
 * processes that open a new file at once, SQLite turns some away whatever the timeout.
 */
export function openPatiently<T>(open: () => T, busyTimeout: number): T {
  const until = performance.now() + Math.max(OPENING_LASTS, busyTimeout);
  for (let tries = 1; ; tries++) {
    try {
      return open();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
      Atomics.wait(NEVER, 0, 0, Math.min(tries, 5) * (5 + 10 * Math.random()));
    }
  }
}
