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

export function sqliteStore(file: string | SqliteConnection, options: SqliteOptions = {}): SessionStore {
  return new SqliteStore(sourceOf(file, parseOptions(options)));
}

function sourceOf(file: unknown, busyTimeout: number): Source {
  if (typeof file === 'string' && file !== '') {
    const Driver = findDriver();
    return {
      connect: () => new Database(new Driver(file), busyTimeout),
      discard: (database) => database.close(),
    };
  }
  if (isConnection(file)) {
    const database = new Database(file, busyTimeout);
    return { connect: () => database, discard: () => {} };
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
