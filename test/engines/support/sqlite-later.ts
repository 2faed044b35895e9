import type { SessionStore } from 'session-revocation';
import type { SqliteConnection } from 'session-revocation/sqlite';
import { Database } from '../../../adapters/engines/sqlite/connection.ts';
import { STEPS } from '../../../adapters/engines/sqlite/schema.ts';
import { createStore } from '../../../adapters/engines/sqlite/store.ts';

/** The schema steps of a later version: the present steps, and a step that adds a column and a table. */
export const LATER_STEPS: readonly string[] = [
  ...STEPS,
  'ALTER TABLE sessions ADD COLUMN colour TEXT; CREATE TABLE colours (name TEXT PRIMARY KEY) STRICT',
];

/** A store of that later version. */
export function laterStore(connection: SqliteConnection, timeout = 2_000): SessionStore {
  const database = new Database(connection, timeout);
  return createStore(
    { timeout, connect: () => database, discard: () => {}, close: () => database.close() },
    LATER_STEPS,
  );
}
