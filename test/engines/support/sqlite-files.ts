import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqliteConnection, SqliteStatement } from 'session-revocation/sqlite';
import { onTestFinished } from 'vitest';

/** Where files are in memory: to wait for a disk at each write would take most of the tests' time. */
const IN_MEMORY = '/dev/shm';

function quickestFolder(): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    return IN_MEMORY;
  } catch {
    return tmpdir();
  }
}

/** The name of a file that is not there yet, in a directory that goes when the test is over. */
export function temporaryFile(): string {
  const directory = mkdtempSync(join(quickestFolder(), 'sessions-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'sessions.db');
}

/** What a query of one value answers, asked through an object: libsql adds a column of its own to each row. */
export const answerOf = (connection: SqliteConnection, sql: string): unknown =>
  Object.values(connection.prepare(sql).get() as object)[0];

/**
 * The same connection, and `before` is called with every statement that runs on it, and may throw in its place. It
 * knows rows as objects only, as a driver might that has no switch for arrays.
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
