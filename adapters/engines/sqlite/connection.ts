/** What is bound to a statement, and what comes back from a column. */
export type SqliteValue = string | number | null;

/** A prepared statement: the part of `node:sqlite`'s, libsql's and better-sqlite3's that this store needs. */
export interface SqliteStatement {
  run(...parameters: SqliteValue[]): { readonly changes: number | bigint };
  get(...parameters: SqliteValue[]): unknown;
  all(...parameters: SqliteValue[]): unknown[];
}

/**
 * A synchronous connection to a SQLite database: `DatabaseSync` of `node:sqlite`, and `Database` of libsql and
 * better-sqlite3, are taken as they are.
 */
export interface SqliteConnection {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}
