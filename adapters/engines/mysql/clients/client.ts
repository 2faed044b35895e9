import { hasMethod } from '../../sql/has-method.ts';

/** A parameter of a statement. Text goes as bytes, so that no character set of a connection can change it. */
export type Parameter = Buffer | number | string | null;

/** A row by position, as the driver returns it: bytes or text, and numbers as numbers, text or BigInts. */
export type MysqlRow = readonly unknown[];

/** One connection, for a few statements in a row. */
export interface MysqlConnection {
  /**
   * Runs a prepared statement that reads.
   * @param sql one statement, with `?` for each parameter.
   * @param parameters the values, one for each `?`.
   */
  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]>;
  /**
   * Runs a prepared statement that writes, and returns the affected rows. A driver may not count unchanged ones.
   * @param sql one statement, with `?` for each parameter.
   * @param parameters the values, one for each `?`.
   */
  write(sql: string, parameters: readonly Parameter[]): Promise<number>;
  /**
   * Runs a statement without parameters, unprepared.
   * @param sql one statement, such as `COMMIT`.
   */
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
  /**
   * Reads by one prepared statement, outside of every transaction.
   * @param sql one statement, with `?` for each parameter.
   * @param parameters the values, one for each `?`.
   */
  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]>;
  /**
   * Lends a connection for several statements.
   * @param limit the time limit of each statement, in ms; the connection is closed after it. `null` is for `setup` and
   * the diagnosis, which inspect the server themselves. All other uses get a primary.
   */
  lend(limit: number | null): Promise<LentConnection>;
  /**
   * Returns the connection of a transaction of the caller. Throws a `TypeError` for a value that cannot be one.
   * @param transaction the value that the caller passed to `sessions.within`.
   */
  within(transaction: Transaction): MysqlConnection;
}

/** False for a pool, which may run each statement on any connection. */
export const isConnection = (client: unknown): boolean =>
  ['execute', 'query', 'destroy'].every((name) => hasMethod(client, name)) && !hasMethod(client, 'getConnection');
