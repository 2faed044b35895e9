import { hasMethod } from '../../sql/has-method.ts';

/** A parameter of a statement. Text goes as bytes, so that no character set of a connection can change it. */
export type Parameter = Buffer | number | string | null;

/** A row by position, as the driver returns it: bytes or text, and numbers as numbers, text or BigInts. */
export type MysqlRow = readonly unknown[];

/** One connection, for a few statements in a row. */
export interface MysqlConnection {
  /** Runs a prepared statement that reads. */
  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]>;
  /** Runs a prepared statement that writes, and returns the affected rows. A driver may not count unchanged ones. */
  write(sql: string, parameters: readonly Parameter[]): Promise<number>;
  /** Runs a statement without parameters, unprepared. */
  command(sql: string): Promise<void>;
}

/** A connection for exclusive use until it is released. */
export interface LentConnection extends MysqlConnection {
  /** Returns the connection to its pool. */
  release(): void;
  /** Closes the connection permanently, because its state is unknown. */
  discard(): void;
}

/**
 * The subset of a driver that the store needs; {@link fromMysql2} and {@link fromMariadb} create one. Rejects with the
 * driver's own errors, whose `errno` is the server's error number.
 */
export interface MysqlClient<Transaction = never> {
  /** Reads by one prepared statement, outside of every transaction. */
  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]>;
  /**
   * Lends a connection for several statements. `limit` is the time limit of each statement, in ms; the connection is
   * closed after it. `null` is for `setup` and the diagnosis, which inspect the server themselves. All other uses get a
   * primary.
   */
  lend(limit: number | null): Promise<LentConnection>;
  /** Returns the connection of a transaction of the caller. Throws a `TypeError` for a value that cannot be one. */
  within(transaction: Transaction): MysqlConnection;
}

/** False for a pool, which may run each statement on any connection. */
export const isConnection = (client: unknown): boolean =>
  ['execute', 'query', 'destroy'].every((name) => hasMethod(client, name)) && !hasMethod(client, 'getConnection');
