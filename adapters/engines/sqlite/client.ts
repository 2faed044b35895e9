/** A parameter of a statement, or the value of a column. */
export type SqliteValue = string | number | null;

/** A prepared statement: the subset of `node:sqlite`, libsql and better-sqlite3 that this store needs. */
export interface SqliteStatement {
  /**
   * Runs the statement and returns the number of changed rows.
   * @param parameters the values, one for each `?`.
   */
  run(...parameters: SqliteValue[]): {
    /** Number of rows that the statement inserted, updated or deleted. */
    readonly changes: number | bigint;
  };
  /**
   * Returns the first row, or `undefined`.
   * @param parameters the values, one for each `?`.
   */
  get(...parameters: SqliteValue[]): unknown;
  /**
   * Returns all rows.
   * @param parameters the values, one for each `?`.
   */
  all(...parameters: SqliteValue[]): unknown[];
}

/**
 * A synchronous connection to a SQLite database: `DatabaseSync` of `node:sqlite`, or `Database` of libsql or
 * better-sqlite3.
 */
export interface SqliteConnection {
  /**
   * Runs statements without parameters.
   * @param sql one or more statements, separated by semicolons.
   */
  exec(sql: string): unknown;
  /**
   * Compiles one statement.
   * @param sql one statement, with `?` for each parameter.
   */
  prepare(sql: string): SqliteStatement;
  /** Closes the connection permanently. */
  close(): unknown;
}
