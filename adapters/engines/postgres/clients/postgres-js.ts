import { hasMethod } from '../../sql/has-method.ts';
import {
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from '../client.ts';

/** A statement of postgres.js that is under way. */
export interface PostgresJsQuery {
  /** Its rows, column by column. */
  values(): PromiseLike<readonly unknown[][]>;
}

/** The part of postgres.js's `sql` that this store needs; the one that `begin` hands out has it, too. */
export interface PostgresJsClient {
  /** Runs a statement. */
  unsafe(
    text: string,
    // postgres.js types parameters more narrowly than it takes them.
    values?: never[],
    options?: { readonly prepare?: boolean },
  ): PostgresJsQuery;
}

/**
 * A client of [postgres.js](https://github.com/porsager/postgres): `postgresStore(fromPostgresJs(sql))`. A transaction is
 * the `sql` that `sql.begin` hands to its callback. Where `prepare: false` is set on `sql`, set it on the store, too.
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
