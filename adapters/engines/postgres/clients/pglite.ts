import { hasMethod } from '../../sql/has-method.ts';
import {
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from './client.ts';

/** The subset of PGlite that this store needs. Its transactions have it, too. */
export interface PgliteClient {
  /**
   * Runs a statement.
   * @param text SQL with parameters `$1`, `$2`, ….
   * @param values the parameters: text, `null`, or arrays of text.
   * @param options the form of the rows.
   */
  query<Row>(
    text: string,
    values: unknown[],
    options: {
      /** Rows as lists, column by column. */
      rowMode: 'array';
    },
  ): Promise<{
    /** The rows of the result, empty for a statement without rows. */
    rows: Row[];
  }>;
  /** On a transaction: true once it has ended. */
  readonly closed?: boolean;
}

/**
 * Wraps [PGlite](https://pglite.dev): `postgresStore(fromPglite(db))`. A transaction is the object that
 * `db.transaction` passes to its callback.
 * @param db the database, outside of any transaction. A transaction is a `TypeError`.
 */
export function fromPglite(db: PgliteClient): PostgresClient<PgliteClient> {
  refuseTransaction(hasMethod(db, 'rollback'), 'the database of PGlite');
  return {
    run: (statement) => ask(db, statement),
    runWithin: ask,
    checkTransaction: otherThan(db, 'query', 'db.transaction'),
    isInTransaction: ({ closed }) => (closed === undefined ? undefined : !closed),
  };
}

async function ask(db: PgliteClient, { text, values }: PostgresStatement): Promise<readonly PostgresRow[]> {
  const { rows } = await db.query<PostgresRow>(text, values as unknown[], { rowMode: 'array' });
  return rows;
}
