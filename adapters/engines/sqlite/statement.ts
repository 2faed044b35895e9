import type { Row } from '../sql/row.ts';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './connection.ts';

/** A statement that answers with one row or none. */
export type RowQuery = (...parameters: SqliteValue[]) => Row | undefined;

/** A statement that answers with any number of rows. */
export type RowsQuery = (...parameters: SqliteValue[]) => readonly Row[];

/** A statement that answers with the number of rows that it changed. */
export type Command = (...parameters: SqliteValue[]) => number;

/** The switches for what a statement answers with. Each driver has some of them. */
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
 * Prepares statements, and makes drivers alike.
 *
 * libsql 0.5 leaves a statement as it stands after `all`, after `run`, and after whatever fails. A `get` of it then
 * takes no new parameters: it answers for somebody else. And a query that failed for a lock counts as being read, so
 * that its connection goes on seeing that moment, with sessions in it that were revoked since. Therefore a statement is
 * asked either by `get` or by `all`, which does start over; once it has failed, only by `all`; and what was left
 * unfinished is finished before anything else is asked.
 */
export class Preparer {
  readonly #connection: SqliteConnection;
  /** By statement, how to ask again what a lock kept from being answered. */
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
    // A BigInt where the connection is set to them.
    return (...parameters) => Number(statement.run(...parameters).changes);
  }

  /** Finishes what is unfinished. Throws where it is locked still. */
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

/** An object keeps the order of the columns; what libsql adds of its own stands behind them. */
const byPosition = (row: unknown): Row => (Array.isArray(row) ? row : Object.values(row as object));

const SQLITE_BUSY = 5;

/** Whether somebody else's lock was in the way: `code` of libsql and better-sqlite3, `errcode` of `node:sqlite`. */
export function isBusy(error: unknown): boolean {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  // The lower byte is the code; what is above it says more.
  if (typeof errcode === 'number') return (errcode & 0xff) === SQLITE_BUSY;
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}
