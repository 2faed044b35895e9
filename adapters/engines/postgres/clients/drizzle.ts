import { hasMethod } from '../../sql/has-method.ts';
import {
  byPosition,
  otherThan,
  type PostgresClient,
  type PostgresRow,
  type PostgresStatement,
  refuseTransaction,
} from '../client.ts';

/** The part of Drizzle's `sql` that this store needs. */
export interface DrizzleSql<Sql> {
  /** A piece of SQL as it stands. */
  raw(text: string): Sql;
  /** A parameter, whatever it is. */
  param(value: unknown): unknown;
  /** One piece of several. */
  join(parts: Sql[]): Sql;
  /** A piece of SQL with parameters. */
  (strings: TemplateStringsArray, ...values: unknown[]): Sql;
}

/** The part of a Drizzle database on Postgres that this store needs; its transactions have it, too. */
export interface DrizzleClient<Sql> {
  /** Runs a statement; drivers differ in how they answer. */
  execute(query: Sql): PromiseLike<unknown>;
}

/**
 * A client of [Drizzle](https://orm.drizzle.team) on Postgres, whatever the driver below it: `postgresStore(fromDrizzle(db,
 * sql))`. `sql` is Drizzle's own, handed in so that this package imports nothing. A transaction is what `db.transaction`
 * hands out.
 */
export function fromDrizzle<Sql>(db: DrizzleClient<Sql>, sql: DrizzleSql<Sql>): PostgresClient<DrizzleClient<Sql>> {
  refuseTransaction(hasMethod(db, 'rollback'), 'the database of Drizzle');
  return {
    run: (statement) => ask(db, sql, statement),
    runWithin: (transaction, statement) => ask(transaction, sql, statement),
    checkTransaction: otherThan(db, 'execute', 'db.transaction'),
  };
}

/** A quoted name, which may hold anything, or a parameter. */
const NAME_OR_PARAMETER = /"[^"]*"|\$(\d+)/g;

async function ask<Sql>(
  db: DrizzleClient<Sql>,
  sql: DrizzleSql<Sql>,
  { text, values }: PostgresStatement,
): Promise<readonly PostgresRow[]> {
  const parts: Sql[] = [];
  let end = 0;
  // Drizzle numbers parameters itself, by where they stand. A statement without any is left as it is.
  for (const { 0: match, 1: number, index } of values.length === 0 ? [] : text.matchAll(NAME_OR_PARAMETER)) {
    if (number === undefined) continue;
    parts.push(sql.raw(text.slice(end, index)), sql`${sql.param(values[Number(number) - 1])}`);
    end = index + match.length;
  }
  parts.push(sql.raw(text.slice(end)));
  const answer = (await db.execute(sql.join(parts))) as readonly object[] | { readonly rows: readonly object[] };
  return byPosition('rows' in answer ? answer.rows : answer);
}
