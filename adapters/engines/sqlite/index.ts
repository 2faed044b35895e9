import { inCall, kindOf, parseArguments, parseDuration, refuseOther } from '../../../src/adapter.ts';
import type { Duration, SessionStore } from '../../../src/index.ts';
import type { SqliteConnection } from './client.ts';
import { Database } from './connection.ts';
import { findDriver } from './driver.ts';
import type { Source } from './readiness.ts';
import { createStore } from './store.ts';

export type { SqliteConnection, SqliteStatement, SqliteValue } from './client.ts';

/** Options of {@link sqliteStore}. */
export interface SqliteOptions {
  /**
   * How long a write waits for writes of other processes before it fails with `SESSION_STORE_UNAVAILABLE`, at most
   * `'10m'`. SQLite waits synchronously, so this process does nothing else meanwhile. Checks never wait. Default
   * `'2s'`.
   */
  readonly timeout?: Duration | undefined;
}

/**
 * Creates a store in a SQLite file, for an app on one machine, in one process or several.
 *
 * - **Driver**: the first of `node:sqlite` (Node 22.13 or later), libsql or better-sqlite3 that is available.
 *   Alternatively, pass an open connection of one of them. The store takes ownership and closes it. No other code may
 *   use it: its `ROLLBACK` would undo an acknowledged revocation.
 * - **File**: a file of its own on a local disk. The store rejects a database of another application. It opens the file
 *   at the first request or at `setup()`, and then creates or upgrades the tables. Any number of processes may do so at
 *   once. If this fails, the next request tries again. `':memory:'` lasts as long as the store, and closing it signs
 *   all users out.
 * - **Durability**: every sign-in, ending and revocation is on disk when it resolves (`synchronous=FULL`), with its
 *   audit entries. A crash of the process loses nothing. A crash of the machine may lose last-used times, a sign-in
 *   that was still in progress, and audit entries without a write, such as refusals.
 * - **Powers**: the audit log and account policies.
 * - **Several processes** on one machine may share the file. When one process revokes a session, the others refuse it
 *   at their next check. Checks never wait; writes wait for each other.
 * - **Backups**: use `VACUUM INTO`, or copy the three files together while no process runs. A restored backup lacks all
 *   later revocations: call `sessions.revoke({ realm: true })` before you let users in.
 *
 * Errors of SQLite (locked, full, read-only, damaged) become `SESSION_STORE_UNAVAILABLE`, with the driver's error as
 * the `cause`. A file of a later version of this library is `SESSION_STORE_TOO_NEW`. A database of another application,
 * or a file that is not a database, is `SESSION_STORE_NAME_CONFLICT`. The store leaves such files unchanged.
 *
 * @param file the name of a file, `':memory:'`, or an open connection.
 * @param options how long a write waits for other processes, `timeout`. Default `'2s'`.
 * @throws `TypeError` if `file` is none of these, and for unknown options; `SESSION_STORE_UNSUPPORTED` if no driver is
 * available.
 * @example
 * ```ts
 * import { createSessions } from 'session-revocation';
 * import { sqliteStore } from 'session-revocation/sqlite';
 *
 * const sessions = createSessions({ store: sqliteStore('sessions.db') });
 * ```
 */
export function sqliteStore(file: string | SqliteConnection, options: SqliteOptions = {}): SessionStore {
  return inCall('sqliteStore(file, options)', () => createStore(sourceOf(file, parseOptions(options))));
}

function sourceOf(file: unknown, { timeout }: { readonly timeout: number }): Source {
  if (typeof file === 'string' && file !== '') {
    const Driver = findDriver();
    return {
      timeout,
      connect: () => new Database(new Driver(file), timeout),
      discard: (database) => database.close(),
      close: () => {},
    };
  }
  if (isConnection(file)) {
    const database = new Database(file, timeout);
    return { timeout, connect: () => database, discard: () => {}, close: () => database.close() };
  }
  refuseOther('sqliteStore', file);
  const found = file === '' ? 'empty' : kindOf(file);
  throw new TypeError(
    `file must be the name of a file, ':memory:', or an open connection of a synchronous driver, not ${found}`,
  );
}

const isConnection = (value: unknown): value is SqliteConnection =>
  typeof value === 'object' &&
  value !== null &&
  ['exec', 'prepare', 'close'].every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

const KNOWN = ['timeout'];
const MAX_TIMEOUT = 600_000;

function parseOptions(options: unknown) {
  const { timeout = '2s' } = parseArguments('options', options, KNOWN);
  return { timeout: parseDuration('timeout', timeout, { min: 0, max: MAX_TIMEOUT }) };
}
