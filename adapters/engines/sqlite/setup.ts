import { SessionError } from '../../../src/index.ts';
import { dropped, tooNew } from '../sql/schema-problems.ts';
import type { Database } from './connection.ts';
import { APPLICATION_ID, TABLES } from './schema.ts';

/**
 * Creates or upgrades the tables. If several processes call it, one does the work and the others wait. A file of a
 * later version stays unchanged.
 */
export function setUp(database: Database, steps: readonly string[]): void {
  database.configure();
  const found = database.read(() => versionOf(database, steps));
  // Runs only once the file is known to belong to this library. The mode cannot change within a transaction.
  database.useWriteAheadLog();
  if (found === steps.length) {
    requireTables(database);
    return;
  }
  database.write(() => {
    // Reads the version again: another process may have upgraded the file first.
    for (const step of steps.slice(versionOf(database, steps))) database.exec(step);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${steps.length}`);
  });
}

function requireTables(database: Database): void {
  const there = database
    .rows("SELECT name FROM sqlite_schema WHERE type = 'table'")()
    .map(([name]) => name);
  const missing = TABLES.filter((table) => !there.includes(table));
  if (missing.length === 0) return;
  const advice =
    'restore the file from a backup and call revoke({ realm: true }), or remove it, which signs every user out';
  throw new SessionError('SESSION_STORE_NOT_SET_UP', `${dropped(missing)}: ${advice}`);
}

/**
 * Returns the schema version of the file, 0 for an empty one. Throws for a file of another application or of a later
 * version.
 */
function versionOf(database: Database, steps: readonly string[]): number {
  const pragma = (name: string): unknown => database.row(`PRAGMA ${name}`)()?.[0];
  const application = pragma('application_id');
  const version = Number(pragma('user_version'));
  const isEmpty = database.row('SELECT 1 FROM sqlite_schema')() === undefined;
  if (application !== APPLICATION_ID && !(isEmpty && application === 0 && version === 0)) {
    const message = 'the file is a database of something else; sessions need a file of their own';
    throw new SessionError('SESSION_STORE_NAME_CONFLICT', message);
  }
  if (version > steps.length) {
    throw new SessionError('SESSION_STORE_TOO_NEW', tooNew(version, steps.length));
  }
  return version;
}
