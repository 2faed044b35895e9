import { createRequire } from 'node:module';
import libsql from 'libsql';
import type { SqliteConnection } from 'session-revocation/sqlite';

type Driver = new (file: string) => SqliteConnection;

const builtIn = process.getBuiltinModule('node:sqlite') as { DatabaseSync: Driver } | undefined;
/** It compiles for minutes where no binary is found, so it is no dependency. The variable is the path of the package. */
const path = process.env.BETTER_SQLITE3;

/** The drivers that are installed. */
export const sqliteDrivers: Readonly<Record<string, Driver>> = {
  libsql: libsql as unknown as Driver,
  ...(builtIn && { 'node:sqlite': builtIn.DatabaseSync }),
  ...(path && { 'better-sqlite3': createRequire(import.meta.url)(path) as Driver }),
};
