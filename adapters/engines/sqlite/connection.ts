/** What is bound to a statement, and what comes back from a column. */
export type SqliteValue = string | number | null;

/** A prepared statement: the part of `node:sqlite`'s, libsql's and better-sqlite3's that this store needs. */
export interface SqliteStatement {
  /** Runs it and tells how many rows were changed. */
  run(...parameters: SqliteValue[]): { readonly changes: number | bigint };
  /** The first row, or `undefined`. */
  get(...parameters: SqliteValue[]): unknown;
  /** Every row. */
  all(...parameters: SqliteValue[]): unknown[];
}

/**
 * A synchronous connection to a SQLite database: `DatabaseSync` of `node:sqlite`, and `Database` of libsql and
 * better-sqlite3, are taken as they are.
 */
export interface SqliteConnection {
  /** Runs statements without parameters. */
  exec(sql: string): unknown;
  /** Compiles one statement. */
  prepare(sql: string): SqliteStatement;
  /** Closes it for good. */
  close(): unknown;
}
