import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqliteConnection, SqliteStatement } from 'session-revocation/sqlite';
import { onTestFinished } from 'vitest';

/** A folder in memory. Waiting for the disk at each write would take most of the tests' time. */
const IN_MEMORY = '/dev/shm';

function quickestFolder(): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    return IN_MEMORY;
  } catch {
    return tmpdir();
  }
}

/** Returns the name of a file that does not exist yet. Its directory is removed after the test. */
export function temporaryFile(): string {
  const directory = mkdtempSync(join(quickestFolder(), 'sessions-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'sessions.db');
}

/**
 * Returns the value of a query for one value. It is the first property of the row: libsql adds a property of its own to
 * rows.
 */
export const answerOf = (connection: SqliteConnection, sql: string): unknown =>
  Object.values(connection.prepare(sql).get() as object)[0];

/**
 * Wraps a connection. `before` is called with each statement that runs, and may throw in its place. The wrapper returns
 * rows only as objects, like a driver that cannot return arrays.
 */
export function watched(connection: SqliteConnection, before: (sql: string) => void): SqliteConnection {
  return {
    exec(sql) {
      before(sql);
      return connection.exec(sql);
    },
    prepare(sql): SqliteStatement {
      const statement = connection.prepare(sql);
      return {
        run(...parameters) {
          before(sql);
          return statement.run(...parameters);
        },
        get(...parameters) {
          before(sql);
          return statement.get(...parameters);
        },
        all(...parameters) {
          before(sql);
          return statement.all(...parameters);
        },
      };
    },
    close: () => connection.close(),
  };
}
