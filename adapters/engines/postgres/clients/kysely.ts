import { notInTransaction } from '../errors.ts';
import {
  byPosition,
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from './client.ts';

/** A statement in the form in which Kysely passes it to its driver. */
export interface KyselyStatement {
  /** SQL with parameters `$1`, `$2`, …. */
  readonly sql: string;
  /** Parameters: text, `null`, or arrays of text. */
  readonly parameters: readonly unknown[];
  /** The statement as a node of Kysely's syntax tree. Kysely uses it only for logs. */
  readonly query: {
    /** A node of raw SQL. */
    readonly kind: 'RawNode';
    /** One piece, the whole SQL. */
    readonly sqlFragments: readonly string[];
    /** Always empty. The parameters are those of the statement. */
    readonly parameters: readonly [];
  };
  /** Identifies the query within Kysely. */
  readonly queryId: {
    /** Always `'session-revocation'`. */
    readonly queryId: string;
  };
}

/** The object that runs statements in Kysely. */
export interface KyselyExecutor {
  /**
   * Runs a statement.
   * @param statement the compiled statement.
   */
  executeQuery(statement: KyselyStatement): Promise<{
    /** The rows of the result, each an object with its columns in order. */
    readonly rows: readonly unknown[];
  }>;
}

/** The subset of Kysely that this store needs. Its transactions have it, too. */
export interface KyselyClient {
  /** Returns an executor without plugins. Plugins rename columns, and parse values that look like JSON. */
  withoutPlugins(): KyselyExecutor;
  /** True if this is a transaction of Kysely. */
  readonly isTransaction?: boolean;
}

/**
 * Wraps [Kysely](https://kysely.dev): `postgresStore(fromKysely(db))`. Its `Transaction` is the transaction.
 * @param db the database, outside of any transaction. A transaction is a `TypeError`.
 */
export function fromKysely(db: KyselyClient): PostgresClient<KyselyClient> {
  refuseTransaction(db.isTransaction === true, 'the database of Kysely');
  return {
    run: (statement) => ask(db, statement),
    runWithin: askWithin,
    checkTransaction: otherThan(db, 'withoutPlugins', 'db.transaction().execute'),
  };
}

async function ask(db: KyselyClient, statement: PostgresStatement): Promise<readonly PostgresRow[]> {
  return rowsOf(await send(db, statement));
}

async function askWithin(transaction: KyselyClient, statement: PostgresStatement): Promise<readonly PostgresRow[]> {
  let answer: ReturnType<typeof send>;
  try {
    answer = send(transaction, statement);
  } catch (error) {
    // After the end of a transaction, Kysely throws synchronously and sends nothing. A failure on the server rejects.
    throw notInTransaction(error);
  }
  return rowsOf(await answer);
}

const rowsOf = ({ rows }: Awaited<ReturnType<typeof send>>): readonly PostgresRow[] =>
  byPosition(rows as readonly object[]);

function send(db: KyselyClient, { text, values }: PostgresStatement): ReturnType<KyselyExecutor['executeQuery']> {
  return db.withoutPlugins().executeQuery({
    sql: text,
    parameters: values,
    // The same as the result of `CompiledQuery.raw`, which cannot be imported here. Kysely uses it only for logs.
    query: { kind: 'RawNode', sqlFragments: [text], parameters: [] },
    queryId: { queryId: 'session-revocation' },
  });
}
