import {
  byPosition,
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from '../client.ts';

/** A statement as Kysely hands it to its driver. */
export interface KyselyStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: {
    readonly kind: 'RawNode';
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly [];
  };
  readonly queryId: { readonly queryId: string };
}

/** What runs statements in Kysely. */
export interface KyselyExecutor {
  /** Runs a statement. */
  executeQuery(statement: KyselyStatement): Promise<{ readonly rows: readonly unknown[] }>;
}

/** The part of Kysely that this store needs; its transactions have it, too. */
export interface KyselyClient {
  /** Plugins rename columns, and parse what looks like JSON. */
  withoutPlugins(): KyselyExecutor;
  /** Whether it is one of its transactions. */
  readonly isTransaction?: boolean;
}

/** A client of [Kysely](https://kysely.dev) on Postgres: `postgresStore(fromKysely(db))`. A transaction is Kysely's `Transaction`. */
export function fromKysely(db: KyselyClient): PostgresClient<KyselyClient> {
  refuseTransaction(db.isTransaction === true, 'the database of Kysely');
  return {
    run: (statement) => ask(db, statement),
    runWithin: ask,
    checkTransaction: otherThan(db, 'withoutPlugins', 'db.transaction().execute'),
  };
}

async function ask(db: KyselyClient, { text, values }: PostgresStatement): Promise<readonly PostgresRow[]> {
  const { rows } = await db.withoutPlugins().executeQuery({
    sql: text,
    parameters: values,
    // What `CompiledQuery.raw` makes, which cannot be imported here: it is only for logs.
    query: { kind: 'RawNode', sqlFragments: [text], parameters: [] },
    queryId: { queryId: 'session-revocation' },
  });
  return byPosition(rows as readonly object[]);
}
