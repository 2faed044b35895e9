/** A parameter of a statement, or the value of a column. */
export type SqliteValue = string | number | null;

/** A prepared statement: the subset of `node:sqlite`, libsql and better-sqlite3 that this store needs. */
export interface SqliteStatement {
  /** Runs the statement and returns the number of changed rows. */
  run(...parameters: SqliteValue[]): { readonly changes: number | bigint };
  /** Returns the first row, or `undefined`. */
  get(...parameters: SqliteValue[]): unknown;
  /** Returns all rows. */
  all(...parameters: SqliteValue[]): unknown[];
}

/**
 * A synchronous connection to a SQLite database: `DatabaseSync` of `node:sqlite`, or `Database` of libsql or
 * better-sqlite3.
 */
export interface SqliteConnection {
  /** Runs statements without parameters. */
  exec(sql: string): unknown;
  /** Compiles one statement. */
  prepare(sql: string): SqliteStatement;
  /** Closes the connection permanently. */
  close(): unknown;
}
