import { createRequire } from 'node:module';
import libsql from 'libsql';
import type { SqliteConnection } from 'session-revocation/sqlite';

/** A SQLite driver that is available to the tests. */
export interface SqliteDriver {
  readonly name: 'libsql' | 'node:sqlite' | 'better-sqlite3';
  open(file: string): SqliteConnection;
}

type Open = new (file: string) => SqliteConnection;

const driver = (name: SqliteDriver['name'], Database: Open): SqliteDriver => ({
  name,
  open: (file) => new Database(file),
});

function builtIn(): readonly SqliteDriver[] {
  const sqlite = process.getBuiltinModule('node:sqlite') as { DatabaseSync: Open } | undefined;
  return sqlite === undefined ? [] : [driver('node:sqlite', sqlite.DatabaseSync)];
}

/** better-sqlite3 takes a minute to compile, so it is not a dependency. `BETTER_SQLITE3` is the path of the package. */
function betterSqlite3(): readonly SqliteDriver[] {
  const path = process.env.BETTER_SQLITE3;
  if (path !== undefined) return [driver('better-sqlite3', createRequire(import.meta.url)(path) as Open)];
  if (process.env.REQUIRE_SERVICES === '1') throw new Error('BETTER_SQLITE3 must be the path of better-sqlite3');
  console.warn('SKIPPED: better-sqlite3 (BETTER_SQLITE3 is not set to the path of the package)');
  return [];
}

/** Every available driver. */
export const drivers: readonly SqliteDriver[] = [driver('libsql', libsql), ...builtIn(), ...betterSqlite3()];
