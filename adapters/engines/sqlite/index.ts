import { type Duration, parseDuration, type SessionStore } from '../../../src/index.ts';
import type { SqliteConnection } from './connection.ts';
import { Database } from './database.ts';
import { findDriver } from './driver.ts';
import { type Source, SqliteStore } from './store.ts';

export type { SqliteConnection, SqliteStatement, SqliteValue } from './connection.ts';

/** Options of {@link sqliteStore}. */
export interface SqliteOptions {
  /**
   * How long a write waits for those of other processes before the store is unavailable, at most `'10m'`. SQLite waits
   * synchronously: so long, nothing else happens in this process. Checks wait for nobody. Default `'2s'`.
   */
  readonly busyTimeout?: Duration | undefined;
}

/**
 * A store in a SQLite file: for an app on one machine, in one process or several.
 *
 * - **Driver**: `node:sqlite` (Node 22.13 or later), libsql or better-sqlite3, the first that is there; or hand in an
 *   open connection of one of them. It is given up to the store, which closes it: on a shared connection, somebody
 *   else's `ROLLBACK` would undo a revocation that was acknowledged.
 * - **File**: its own, on a local disk; a database of something else is refused. Nothing is opened before the first
 *   question, or `setup()`. Tables are created and upgraded then, by as many processes at once as there are. Where that
 *   fails, the next question tries again. `':memory:'` lasts as long as the store, and signs everybody out at its end.
 * - **Durability**: every sign-in, ending and revocation is on the disk when it resolves (`synchronous=FULL`), and what
 *   the audit log tells of it. Only a crash of the machine, not of the process, may lose when a session was last used, a
 *   sign-in that was under way, and entries that go with no write, such as those of refusals.
 * - **Powers**: it keeps the audit log and the policies of accounts.
 * - **Several processes** on one machine may share the file: what one revokes, the others refuse at their next check.
 *   Checks wait for nobody; writes wait for each other.
 * - **Backups**: `VACUUM INTO`, or the three files together while nothing runs. A restored backup knows nothing of what
 *   was revoked since: call `sessions.revoke({ realm: true })` before anybody is let in.
 *
 * What SQLite reports (locked, full, read-only, damaged, not a database at all) reaches the app as
 * `SESSION_STORE_UNAVAILABLE`, with the driver's error as its `cause`. A file of a later version of this library is
 * `SESSION_STORE_TOO_NEW`, a database of something else `SESSION_STORE_FOREIGN`; both are left as they were.
 *
 * @param file the name of a file, `':memory:'`, or an open connection.
 * @throws `TypeError` for what is neither, and for unknown options; `SESSION_STORE_UNSUPPORTED` where there is no driver.
 * @example
 * ```ts
 * import { createSessions } from 'session-revocation';
 * import { sqliteStore } from 'session-revocation/sqlite';
 *
 * const sessions = createSessions({ store: sqliteStore('sessions.db') });
 * ```
 */
export function sqliteStore(file: string | SqliteConnection, options: SqliteOptions = {}): SessionStore {
  return new SqliteStore(sourceOf(file, parseOptions(options)));
}

function sourceOf(file: unknown, busyTimeout: number): Source {
  if (typeof file === 'string' && file !== '') {
    const Driver = findDriver();
    return {
      busyTimeout,
      connect: () => new Database(new Driver(file), busyTimeout),
      discard: (database) => database.close(),
      close: () => {},
    };
  }
  if (isConnection(file)) {
    const database = new Database(file, busyTimeout);
    return { busyTimeout, connect: () => database, discard: () => {}, close: () => database.close() };
  }
  throw new TypeError(
    "sqliteStore needs the name of a file, ':memory:', or an open connection of a synchronous driver",
  );
}

const isConnection = (value: unknown): value is SqliteConnection =>
  typeof value === 'object' &&
  value !== null &&
  ['exec', 'prepare', 'close'].every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

const DEFAULT_BUSY_TIMEOUT = 2_000;
const LONGEST_BUSY_TIMEOUT = 600_000;

function parseOptions(options: unknown): number {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('the options of sqliteStore must be an object');
  const { busyTimeout, ...unknown } = options as Record<string, unknown>;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new TypeError(`sqliteStore has an unknown option ${JSON.stringify(name)}; known is busyTimeout`);
  }
  if (busyTimeout === undefined) return DEFAULT_BUSY_TIMEOUT;
  const ms = parseDuration('busyTimeout', busyTimeout, 0);
  if (ms <= LONGEST_BUSY_TIMEOUT) return ms;
  throw new TypeError(`busyTimeout is ${ms} ms; at most ${LONGEST_BUSY_TIMEOUT} ms are allowed`);
}
