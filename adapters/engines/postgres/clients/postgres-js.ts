import { hasMethod } from '../../sql/has-method.ts';
import {
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from './client.ts';

/** A statement of postgres.js that was started. */
export interface PostgresJsQuery {
  /** Returns its rows, column by column. */
  values(): PromiseLike<readonly unknown[][]>;
}

/**
 * The subset of postgres.js's `sql` that this store needs. The `sql` that `begin` passes to its callback has it, too.
 */
export interface PostgresJsClient {
  /**
   * Runs a statement.
   * @param text SQL with parameters `$1`, `$2`, ….
   * @param values the parameters: text, `null`, or arrays of text.
   * @param options tells whether the statement is kept prepared.
   */
  unsafe(
    text: string,
    // postgres.js declares narrower types for parameters than it accepts.
    values?: never[],
    options?: {
      /** `true` lets the connection keep the statement prepared. */
      readonly prepare?: boolean;
    },
  ): PostgresJsQuery;
}

/**
 * Wraps [postgres.js](https://github.com/porsager/postgres): `postgresStore(fromPostgresJs(sql))`. A transaction is the
 * `sql` that `sql.begin` passes to its callback. If `sql` has `prepare: false`, set it on the store, too.
 * @param sql the client, outside of any transaction. A transaction is a `TypeError`.
 */
export function fromPostgresJs(sql: PostgresJsClient): PostgresClient<PostgresJsClient> {
  refuseTransaction(hasMethod(sql, 'savepoint'), 'the sql of postgres.js');
  return {
    run: (statement) => ask(sql, statement),
    runWithin: ask,
    checkTransaction: otherThan(sql, 'unsafe', 'sql.begin'),
  };
}

async function ask(sql: PostgresJsClient, { text, values, name }: PostgresStatement): Promise<readonly PostgresRow[]> {
  return sql.unsafe(text, values as never[], { prepare: name !== undefined }).values();
}
