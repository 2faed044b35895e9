import { hasMethod } from '../sql/has-method.ts';

/** What is bound to a statement. Texts go as bytes, so that no charset of a connection can change them. */
export type Parameter = Buffer | number | string | null;

/** A row by position, as a driver gives it: bytes or texts, and numbers as numbers, texts or BigInts. */
export type MysqlRow = readonly unknown[];

/** One connection, for a few statements in a row. */
export interface MysqlConnection {
  /** Runs a prepared statement that reads. */
  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]>;
  /** Runs a prepared statement that writes, and tells how many rows it affected; of rows that stay as they are, maybe none. */
  write(sql: string, parameters: readonly Parameter[]): Promise<number>;
  /** Runs a statement without parameters, unprepared. */
  command(sql: string): Promise<void>;
}

/** A connection that nobody else uses until it is given back. */
export interface LentConnection extends MysqlConnection {
  /** Gives it back. */
  release(): void;
  /** Closes it for good, since nobody knows what state it is in. */
  discard(): void;
}

/**
 * What the store needs of a driver; {@link fromMysql2} and {@link fromMariadb} make one. Rejects with the driver's own
 * errors, whose `errno` is the server's.
 */
export interface MysqlClient<Transaction = never> {
  /** Reads by one prepared statement, outside of every transaction. */
  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]>;
  /** A connection for several statements. With a limit, in ms, none of them may last longer: it is closed then. */
  lend(limit: number | null): Promise<LentConnection>;
  /** The connection behind a transaction of the caller's. Throws a `TypeError` for what cannot be one. */
  within(transaction: Transaction): MysqlConnection;
}

/** Whether it runs statements on one connection, as both drivers have it: not a pool, whose statements go to any. */
export const isConnection = (client: unknown): boolean =>
  ['execute', 'query', 'destroy'].every((name) => hasMethod(client, name)) && !hasMethod(client, 'getConnection');
