import { hasMethod } from '../../sql/has-method.ts';

/** A parameter. Numbers go as text; each statement casts its parameters to the types it needs. */
export type PostgresValue = string | null | readonly string[];

/** One statement, with parameters `$1`, `$2`, …. */
export interface PostgresStatement {
  /** SQL of one statement. */
  readonly text: string;
  /** Parameters, `$1` first. Empty for a statement without parameters. */
  readonly values: readonly PostgresValue[];
  /**
   * Name under which a connection may keep the statement prepared. The same name always has the same text. Left out if
   * the statement must not be kept prepared. Clients that prepare by text take any name as permission.
   */
  readonly name?: string | undefined;
  /**
   * Time limit for an answer, in ms. After it, the client may treat the connection as dead and close it: the peer may
   * have disappeared without notice. Left out for statements that may take long.
   */
  readonly timeout?: number | undefined;
}

/** A row, column by column in the order of the statement. A number may be text, a number or a BigInt. */
export type PostgresRow = readonly unknown[];

/**
 * The subset of a Postgres client that the store needs. {@link fromPostgresJs} and similar functions wrap the clients
 * that apps use; pg's own clients need no wrapper. `Transaction` is the object by which the caller refers to a
 * transaction of that client.
 */
export interface PostgresClient<Transaction = never> {
  /**
   * Runs a statement outside of any transaction and returns its rows. Rejects with the driver's own error.
   * @param statement the statement, whose write is committed when the promise resolves.
   */
  run(statement: PostgresStatement): Promise<readonly PostgresRow[]>;
  /**
   * Like `run`, within a transaction that the caller began.
   * @param transaction the caller's open transaction.
   * @param statement the statement. It has no `name` and no `timeout`.
   */
  runWithin(transaction: Transaction, statement: PostgresStatement): Promise<readonly PostgresRow[]>;
  /**
   * Throws a `TypeError` for a value that cannot be a transaction. Optional; called as soon as the caller passes one.
   * @param transaction the value that the caller passed to `sessions.within`.
   */
  checkTransaction?(transaction: Transaction): void;
  /**
   * Returns true if the transaction is open now, as far as the client knows. If this returns `undefined` or is left
   * out, the store asks the server before each statement in the transaction, at the cost of a round trip.
   * @param transaction a value that passed `checkTransaction`.
   */
  isInTransaction?(transaction: Transaction): boolean | undefined;
}

/** Converts rows from objects to lists. The keys of each object must be in the order of the columns. */
export const byPosition = (rows: readonly object[]): readonly PostgresRow[] => rows.map((row) => Object.values(row));

/**
 * Returns a check that throws for a value that is not a transaction. The client itself is not one: it may run each
 * statement on any connection, and each is committed by itself.
 */
export const otherThan =
  (client: object, method: string, handsOut: string) =>
  (transaction: object): void => {
    if (transaction === client) throw new TypeError(`within needs what ${handsOut} hands out, not the client itself`);
    if (!hasMethod(transaction, method)) throw new TypeError(`within needs what ${handsOut} hands out`);
  };

/** Throws if the client is a transaction. A check in a transaction may see an older state. */
export function refuseTransaction(isTransaction: boolean, instead: string): void {
  if (isTransaction) throw new TypeError(`a store needs ${instead}, not a transaction; that goes to within()`);
}
