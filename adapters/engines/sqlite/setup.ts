import type { Database } from './connection.ts';
import { APPLICATION_ID, requireTables, versionOf } from './schema.ts';

/**
 * Creates or upgrades the tables. Many processes may call it at once: one does the work, the others wait for it.
 * @throws `SessionError` `SESSION_STORE_TOO_NEW` for a file of a later version; the file stays unchanged.
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
