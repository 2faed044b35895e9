import { batched, type SessionStore } from '../../../src/index.ts';
import type { PostgresClient } from './client.ts';
import { fromPg, type PgClient } from './clients/pg.ts';
import { PostgresStore } from './store.ts';
import { type PostgresNames, tablesOf } from './tables.ts';

export type { PostgresClient, PostgresRow, PostgresStatement, PostgresValue } from './client.ts';
export { type DrizzleClient, type DrizzleSql, fromDrizzle } from './clients/drizzle.ts';
export { fromKysely, type KyselyClient, type KyselyExecutor, type KyselyStatement } from './clients/kysely.ts';
export type { PgClient, PgQuery } from './clients/pg.ts';
export { fromPglite, type PgliteClient } from './clients/pglite.ts';
export { fromPostgresJs, type PostgresJsClient, type PostgresJsQuery } from './clients/postgres-js.ts';
export { fromPrisma, type PrismaClient } from './clients/prisma.ts';
export { fromTypeOrm, type TypeOrmClient } from './clients/typeorm.ts';
export { postgresSchema } from './schema.ts';
export type { PostgresNames } from './tables.ts';

/** Options of {@link postgresStore}. */
export interface PostgresOptions extends PostgresNames {
  /**
   * Whether checks that come together share statements, see `batched`. Default `true`; `false` for request-scoped runtimes,
   * where an answer to another request never arrives.
   */
  readonly batch?: boolean | undefined;
  /**
   * Whether statements are kept prepared, in clients that can: it halves what a check costs. Default `true`; `false` behind a
   * proxy that hands every transaction to another connection and knows nothing of prepared statements. The store comes to
   * it by itself there, at the cost of one failed statement.
   */
  readonly prepare?: boolean | undefined;
}

/**
 * A store in Postgres 13 or later: for any number of processes and machines.
 *
 * - **Client**: pg's `Pool` or `Client` as it is, or what {@link fromPostgresJs}, {@link fromPglite}, {@link fromKysely},
 *   {@link fromDrizzle}, {@link fromTypeOrm} or {@link fromPrisma} make of another. The app owns it: `close()` leaves it open.
 *   It must reach the primary, outside of any transaction: a check that would read a replica, or an older snapshot, is
 *   `SESSION_STORE_UNSAFE`.
 * - **Tables**: five, in a schema of their own. `setup()` makes and upgrades them, by as many processes at once as there are;
 *   or a migration tool does, with {@link postgresSchema}. Nothing else ever changes a schema. What is missing, or of an
 *   earlier version, is `SESSION_STORE_NOT_SET_UP`; of a later one that this code does not work on, `SESSION_STORE_TOO_NEW`;
 *   somebody else's, `SESSION_STORE_FOREIGN`; without the rights, `SESSION_STORE_DENIED`; an older server, or a database
 *   that is not in UTF8, `SESSION_STORE_UNSUPPORTED`.
 * - **Steps**: every verb is one statement, so that it is atomic with every client and through every proxy. Where another
 *   writer was in the way (deadlock, serialization failure) it is asked again.
 * - **Durability**: what Postgres was told: on the disk when it resolves, with its defaults. A failover to an asynchronous
 *   replica may lose the last acknowledged writes.
 * - **Powers**: the audit log, the policies of accounts, transactions of the app's, diagnosis.
 *
 * @param client pg's `Pool` or `Client`, or a {@link PostgresClient}.
 * @throws `TypeError` for what is neither, and for options that are not as described.
 * @example
 * ```ts
 * import pg from 'pg';
 * import { createSessions } from 'session-revocation';
 * import { postgresStore } from 'session-revocation/postgres';
 *
 * const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] });
 * pool.on('error', console.error); // of a connection that nobody used: it would end the process
 * const store = postgresStore(pool);
 * await store.setup?.();
 * const sessions = createSessions({ store });
 * ```
 */
export function postgresStore(client: PgClient, options?: PostgresOptions): SessionStore<PgClient>;
export function postgresStore<Transaction>(
  client: PostgresClient<Transaction>,
  options?: PostgresOptions,
): SessionStore<Transaction>;
export function postgresStore(
  client: PgClient | PostgresClient<PgClient>,
  options: PostgresOptions = {},
): SessionStore<PgClient> {
  const { batch, prepare, tables } = parseOptions(options);
  const store = new PostgresStore(recognise(client), tables, prepare);
  return batch ? batched(store) : store;
}

/** Clients that are not taken as they are, by what only they have. */
const MAKERS: readonly (readonly [maker: string, property: string])[] = [
  ['fromPostgresJs(sql)', 'unsafe'],
  ['fromPglite(db)', 'execProtocol'],
  ['fromKysely(db)', 'withoutPlugins'],
  ['fromDrizzle(db, sql)', '$count'],
  ['fromTypeOrm(dataSource)', 'createQueryRunner'],
  ['fromPrisma(prisma)', '$queryRawUnsafe'],
];

function recognise(client: unknown): PostgresClient<PgClient> {
  const has = (property: string): boolean =>
    ((typeof client === 'object' && client !== null) || typeof client === 'function') && property in client;
  if (has('run') && has('runWithin')) return client as PostgresClient<PgClient>;
  const [maker] = MAKERS.find(([, property]) => has(property)) ?? [];
  if (maker !== undefined) throw new TypeError(`postgresStore takes this client by way of ${maker}`);
  if (has('query') && has('connect')) return fromPg(client as PgClient);
  throw new TypeError(
    "postgresStore needs pg's Pool or Client, or what fromPostgresJs and its siblings make of others",
  );
}

const KNOWN = ['schema', 'prefix', 'batch', 'prepare'];

function parseOptions(options: unknown) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('the options of postgresStore must be an object');
  }
  const name = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (name !== undefined) {
    throw new TypeError(`postgresStore has an unknown option ${JSON.stringify(name)}; known are ${KNOWN.join(', ')}`);
  }
  const { schema, prefix, batch = true, prepare = true } = options as PostgresOptions;
  for (const [key, value] of Object.entries({ batch, prepare })) {
    if (typeof value !== 'boolean') throw new TypeError(`${key} must be true or false`);
  }
  return { batch, prepare, tables: tablesOf({ schema, prefix }) };
}
