import {
  byPosition,
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from '../client.ts';

/** The part of TypeORM's `DataSource`, `EntityManager` and `QueryRunner` that this store needs. */
export interface TypeOrmClient {
  /** Runs a statement and gives its rows. */
  query(text: string, values?: unknown[]): Promise<unknown>;
  /** Of a `QueryRunner`: whether it began a transaction. */
  readonly isTransactionActive?: boolean;
  /** Of an `EntityManager`: what it runs on. */
  readonly queryRunner?: { readonly isTransactionActive: boolean } | undefined;
}

/**
 * A client of [TypeORM](https://typeorm.io) on Postgres: `postgresStore(fromTypeOrm(dataSource))`. A transaction is the
 * `EntityManager` that `dataSource.transaction` hands out, or a `QueryRunner` that began one.
 */
export function fromTypeOrm(dataSource: TypeOrmClient): PostgresClient<TypeOrmClient> {
  const { isTransactionActive } = dataSource.queryRunner ?? dataSource;
  refuseTransaction(isTransactionActive === true, 'the DataSource of TypeORM');
  return {
    run: (statement) => ask(dataSource, statement),
    runWithin: ask,
    checkTransaction: otherThan(dataSource, 'query', 'dataSource.transaction'),
  };
}

async function ask(client: TypeOrmClient, { text, values }: PostgresStatement): Promise<readonly PostgresRow[]> {
  // A statement without rows, such as DO, has none to give.
  return byPosition(((await client.query(text, [...values])) ?? []) as readonly object[]);
}
