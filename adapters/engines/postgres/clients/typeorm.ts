import {
  byPosition,
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from './client.ts';

/** The subset of TypeORM's `DataSource`, `EntityManager` and `QueryRunner` that this store needs. */
export interface TypeOrmClient {
  /**
   * Runs a statement and returns its rows.
   * @param text SQL with parameters `$1`, `$2`, ….
   * @param values the parameters: text, `null`, or arrays of text.
   */
  query(text: string, values?: unknown[]): Promise<unknown>;
  /** On a `QueryRunner`: true if it began a transaction. */
  readonly isTransactionActive?: boolean;
  /** On a `QueryRunner`: true once it has given its connection back to the pool. */
  readonly isReleased?: boolean;
  /** On an `EntityManager`: the `QueryRunner` that it uses. */
  readonly queryRunner?:
    | {
        /** True if it began a transaction. */
        readonly isTransactionActive: boolean;
        /** True once it has given its connection back to the pool. */
        readonly isReleased?: boolean;
      }
    | undefined;
}

/**
 * Wraps [TypeORM](https://typeorm.io) on Postgres: `postgresStore(fromTypeOrm(dataSource))`. A transaction is the
 * `EntityManager` that `dataSource.transaction` passes to its callback, or a `QueryRunner` that began one.
 * @param dataSource the `DataSource`. A `QueryRunner` in a transaction is a `TypeError`.
 */
export function fromTypeOrm(dataSource: TypeOrmClient): PostgresClient<TypeOrmClient> {
  const { isTransactionActive } = dataSource.queryRunner ?? dataSource;
  refuseTransaction(isTransactionActive === true, 'the DataSource of TypeORM');
  return {
    run: (statement) => ask(dataSource, statement),
    runWithin: ask,
    checkTransaction: otherThan(dataSource, 'query', 'dataSource.transaction'),
    // TypeORM does not know a transaction that the app began with a raw statement. Only the server knows.
    isInTransaction: (client) => ((client.queryRunner ?? client).isReleased === true ? false : undefined),
  };
}

async function ask(client: TypeOrmClient, { text, values }: PostgresStatement): Promise<readonly PostgresRow[]> {
  return byPosition(((await client.query(text, [...values])) ?? []) as readonly object[]);
}
