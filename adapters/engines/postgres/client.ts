import { hasMethod } from '../sql/has-method.ts';

/** A parameter: numbers go as text, and every statement says itself which type it takes it for. */
export type PostgresValue = string | null | readonly string[];

/** One statement, with parameters `$1`, `$2`, …. */
export interface PostgresStatement {
  readonly text: string;
  readonly values: readonly PostgresValue[];
  /**
   * Under which name a connection may keep it prepared: the same name is always the same text. Left out where nothing is to
   * be kept. Clients that prepare by the text alone take it as a yes.
   */
  readonly name?: string | undefined;
  /**
   * A connection that gives no answer for so long, in ms, may be taken for dead, and given up: its peer may have gone without
   * a word. Left out where an answer may take its time.
   */
  readonly patience?: number | undefined;
}

/** A row, column by column in the order of the statement. A number may come as text, as a number or as a BigInt. */
export type PostgresRow = readonly unknown[];

/**
 * What a store needs of a client of Postgres. {@link fromPostgresJs} and its siblings make one of the clients that apps
 * have; pg's own are taken as they are. `Transaction` is what the caller holds of a transaction of that client.
 */
export interface PostgresClient<Transaction = never> {
  /** Runs a statement by itself, outside of any transaction, and gives its rows. Rejects with the driver's own error. */
  run(statement: PostgresStatement): Promise<readonly PostgresRow[]>;
  /** The same, within a transaction that the caller began. */
  runWithin(transaction: Transaction, statement: PostgresStatement): Promise<readonly PostgresRow[]>;
  /** Throws a `TypeError` for what cannot be a transaction. Asked at once when one is handed in; may be left out. */
  checkTransaction?(transaction: Transaction): void;
  /**
   * Whether it is within a transaction now, as far as the client knows. Where that is `undefined`, or this is left out, the
   * server is asked before each statement there: a round trip more.
   */
  isInTransaction?(transaction: Transaction): boolean | undefined;
}

/** The rows of a client that gives objects, whose keys stand in the order of the columns. */
export const byPosition = (rows: readonly object[]): readonly PostgresRow[] => rows.map((row) => Object.values(row));

/**
 * What runs statements by this method. What hands a transaction out is none itself: statements to it go to any connection,
 * and are committed by themselves.
 */
export const otherThan =
  (client: object, method: string, handsOut: string) =>
  (transaction: object): void => {
    if (transaction === client) throw new TypeError(`within needs what ${handsOut} hands out, not the client itself`);
    if (!hasMethod(transaction, method)) throw new TypeError(`within needs what ${handsOut} hands out`);
  };

/** A store is made of what hands transactions out: in one, a check may see what was true before it. */
export function refuseTransaction(isTransaction: boolean, instead: string): void {
  if (isTransaction) throw new TypeError(`a store needs ${instead}, not a transaction; that goes to within()`);
}
