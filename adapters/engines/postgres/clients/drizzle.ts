import { hasMethod } from '../../sql/has-method.ts';
import {
  byPosition,
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from './client.ts';

/** The subset of Drizzle's `sql` that this store needs. */
export interface DrizzleSql<Sql> {
  /**
   * Returns SQL from text, unchanged.
   * @param text a piece of a statement.
   */
  raw(text: string): Sql;
  /**
   * Returns a parameter with any value.
   * @param value text, `null`, or an array of text.
   */
  param(value: unknown): unknown;
  /**
   * Joins several pieces of SQL.
   * @param parts the pieces, in their order.
   */
  join(parts: Sql[]): Sql;
  /**
   * Returns SQL with parameters.
   * @param strings the texts of a template literal.
   * @param values the values between them, here results of `param`.
   */
  (strings: TemplateStringsArray, ...values: unknown[]): Sql;
}

/** The subset of a Drizzle database on Postgres that this store needs. Its transactions have it, too. */
export interface DrizzleClient<Sql> {
  /**
   * Runs a statement. The form of the result depends on the driver.
   * @param query the SQL that `sql` made.
   */
  execute(query: Sql): PromiseLike<unknown>;
}

/**
 * Wraps a database of [Drizzle](https://orm.drizzle.team) on Postgres, with any driver:
 * `postgresStore(fromDrizzle(db, sql))`. `sql` is Drizzle's own; the caller passes it so that this package imports
 * nothing. A transaction is the object that `db.transaction` passes to its callback.
 * @param db the database, outside of any transaction. A transaction is a `TypeError`.
 * @param sql Drizzle's own `sql`, of `drizzle-orm`.
 */
export function fromDrizzle<Sql>(db: DrizzleClient<Sql>, sql: DrizzleSql<Sql>): PostgresClient<DrizzleClient<Sql>> {
  refuseTransaction(hasMethod(db, 'rollback'), 'the database of Drizzle');
  return {
    run: (statement) => ask(db, sql, statement),
    runWithin: (transaction, statement) => ask(transaction, sql, statement),
    checkTransaction: otherThan(db, 'execute', 'db.transaction'),
  };
}

/** A quoted name, which may contain anything, or a parameter. */
const NAME_OR_PARAMETER = /"[^"]*"|\$(\d+)/g;

async function ask<Sql>(
  db: DrizzleClient<Sql>,
  sql: DrizzleSql<Sql>,
  { text, values }: PostgresStatement,
): Promise<readonly PostgresRow[]> {
  const parts: Sql[] = [];
  let end = 0;
  // Drizzle numbers parameters itself, so the text is split at each. Without parameters it stays as it is.
  for (const { 0: match, 1: number, index } of values.length === 0 ? [] : text.matchAll(NAME_OR_PARAMETER)) {
    if (number === undefined) continue;
    parts.push(sql.raw(text.slice(end, index)), sql`${sql.param(values[Number(number) - 1])}`);
    end = index + match.length;
  }
  parts.push(sql.raw(text.slice(end)));
  const answer = (await db.execute(sql.join(parts))) as readonly object[] | { readonly rows: readonly object[] };
  return byPosition('rows' in answer ? answer.rows : answer);
}
