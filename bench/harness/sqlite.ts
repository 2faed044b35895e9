import { createRequire } from 'node:module';
import libsql from 'libsql';
import type { SqliteConnection } from 'session-revocation/sqlite';

type Driver = new (file: string) => SqliteConnection;

const builtIn = process.getBuiltinModule('node:sqlite') as { DatabaseSync: Driver } | undefined;
/**
 * better-sqlite3 is no dependency, because it compiles for minutes on systems without a prebuilt binary. This is its
 * path.
 */
const path = process.env.BETTER_SQLITE3;

/** The installed SQLite drivers. */
export const sqliteDrivers: Readonly<Record<string, Driver>> = {
  libsql: libsql as unknown as Driver,
  ...(builtIn && { 'node:sqlite': builtIn.DatabaseSync }),
  ...(path && { 'better-sqlite3': createRequire(import.meta.url)(path) as Driver }),
};
