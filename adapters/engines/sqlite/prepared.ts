import type { Row } from '../sql/values.ts';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './client.ts';

export type RowQuery = (...parameters: SqliteValue[]) => Row | undefined;

export type RowsQuery = (...parameters: SqliteValue[]) => readonly Row[];

export type Command = (...parameters: SqliteValue[]) => number;

/** Methods that set how a statement returns rows and integers. Each driver has some of them. */
interface Switches {
  /** `node:sqlite`, from Node 22.16. */
  setReturnArrays?(enabled: boolean): unknown;
  /** libsql and better-sqlite3. */
  raw?(enabled: boolean): unknown;
  /** `node:sqlite`. */
  setReadBigInts?(enabled: boolean): unknown;
  /** libsql and better-sqlite3. */
  safeIntegers?(enabled: boolean): unknown;
}

/**
 * Prepares statements, and works around a fault of libsql.
 *
 * libsql 0.5 does not reset a statement after `all`, after `run`, or after an error. This has two consequences:
 * - A later `get` ignores its new parameters and returns the previous answer, which may belong to another user.
 * - A query that failed because of a lock still counts as an active read. Its connection keeps the old snapshot, in
 *   which sessions that were revoked since are still valid.
 *
 * Therefore each statement uses either only `get`, or only `all`, which does reset it. After an error, it uses only
 * `all`. All unfinished statements are finished before the next statement runs.
 */
export class Preparer {
  readonly #connection: SqliteConnection;
  /** For each statement that a lock interrupted, a function that runs it again. */
  readonly #unfinished = new Map<SqliteStatement, () => unknown>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  row(sql: string): RowQuery {
    const statement = this.#query(sql);
    let failed = false;
    return (...parameters) => {
      if (failed) return this.#all(statement, parameters)[0];
      try {
        const row = statement.get(...parameters);
        return row === undefined ? undefined : byPosition(row);
      } catch (error) {
        failed = true;
        this.#fail(statement, parameters, error);
      }
    };
  }

  rows(sql: string): RowsQuery {
    const statement = this.#query(sql);
    return (...parameters) => this.#all(statement, parameters);
  }

  command(sql: string): Command {
    const statement = this.#connection.prepare(sql);
    return (...parameters) => Number(statement.run(...parameters).changes);
  }

  /** Finishes all unfinished statements. Throws if one of them is still locked. */
  settle(): void {
    if (this.#unfinished.size === 0) return;
    for (const askAgain of this.#unfinished.values()) askAgain();
  }

  #query(sql: string): SqliteStatement {
    const statement: SqliteStatement & Switches = this.#connection.prepare(sql);
    statement.setReadBigInts?.(false);
    statement.safeIntegers?.(false);
    if (statement.setReturnArrays !== undefined) statement.setReturnArrays(true);
    else statement.raw?.(true);
    return statement;
  }

  #all(statement: SqliteStatement, parameters: SqliteValue[]): readonly Row[] {
    try {
      const rows = statement.all(...parameters).map(byPosition);
      this.#unfinished.delete(statement);
      return rows;
    } catch (error) {
      return this.#fail(statement, parameters, error);
    }
  }

  #fail(statement: SqliteStatement, parameters: SqliteValue[], error: unknown): never {
    if (isBusy(error)) this.#unfinished.set(statement, () => this.#all(statement, parameters));
    else this.#unfinished.delete(statement);
    throw error;
  }
}

/** Returns the columns of a row in order. Properties that libsql adds to a row come after them. */
const byPosition = (row: unknown): Row => (Array.isArray(row) ? row : Object.values(row as object));

export const isBusy = (error: unknown): boolean => isResult(error, 5, 'SQLITE_BUSY');

export const isNoDatabase = (error: unknown): boolean => isResult(error, 26, 'SQLITE_NOTADB');

/** Tells whether SQLite failed with a result code. This is `code` (name) in libsql and better-sqlite3, `errcode` in `node:sqlite`. */
function isResult(error: unknown, number: number, name: string): boolean {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  // The lower byte is the primary result code.
  if (typeof errcode === 'number') return (errcode & 0xff) === number;
  return typeof code === 'string' && code.startsWith(name);
}
