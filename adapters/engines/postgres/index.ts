import { batched, inCall, kindOf, parseArguments, parseSwitch, refuseOther } from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import type { PostgresClient } from './clients/client.ts';
import { fromPg, type PgClient } from './clients/pg.ts';
import { type PostgresNames, tablesOf } from './names.ts';
import { createStore } from './store.ts';

export type { PostgresClient, PostgresRow, PostgresStatement, PostgresValue } from './clients/client.ts';
export { type DrizzleClient, type DrizzleSql, fromDrizzle } from './clients/drizzle.ts';
export { fromKysely, type KyselyClient, type KyselyExecutor, type KyselyStatement } from './clients/kysely.ts';
export type { PgClient, PgQuery } from './clients/pg.ts';
export { fromPglite, type PgliteClient } from './clients/pglite.ts';
export { fromPostgresJs, type PostgresJsClient, type PostgresJsQuery } from './clients/postgres-js.ts';
export { fromPrisma, type PrismaClient } from './clients/prisma.ts';
export { fromTypeOrm, type TypeOrmClient } from './clients/typeorm.ts';
export type { PostgresNames } from './names.ts';
export { postgresSchema } from './schema.ts';

/** Options of {@link postgresStore}. */
export interface PostgresOptions extends PostgresNames {
  /**
   * Combines checks that arrive together into shared statements, see `batched`. Set `false` for request-scoped
   * runtimes, where one request never receives the answer to another request's I/O. Default `true`.
   */
  readonly batch?: boolean | undefined;
  /**
   * Keeps statements prepared, in clients that support it. This halves the cost of a check. Set `false` behind a proxy
   * that moves every transaction to another connection and does not support prepared statements. Otherwise the store
   * detects such a proxy itself, at the cost of one failed statement. Default `true`.
   */
  readonly prepare?: boolean | undefined;
}

/**
 * Creates a store in Postgres 13 or later, for any number of processes and machines.
 *
 * - **Client**: pg's `Pool` or `Client`, or another client wrapped by {@link fromPostgresJs}, {@link fromPglite},
 *   {@link fromKysely}, {@link fromDrizzle}, {@link fromTypeOrm} or {@link fromPrisma}. The app owns it: `close()`
 *   leaves it open. It must reach the primary, outside of any transaction. A check that would read a replica or an
 *   older snapshot fails with `SESSION_STORE_UNSAFE`.
 * - **Tables**: seven, in a schema of their own. `setup()` creates and upgrades them, and any number of processes may
 *   call it at once. A migration tool can do the same with {@link postgresSchema}. Nothing else changes the schema.
 * - **Atomicity**: every method is one statement, so it is atomic with every client and through every proxy. The store
 *   repeats a statement that failed because of another writer (deadlock, serialization failure).
 * - **Durability**: with Postgres defaults, a write is on disk when its promise resolves. A failover to an asynchronous
 *   replica may lose the last acknowledged writes.
 * - **Powers**: the audit log, account policies, the app's own transactions, a diagnosis of the server, and its changes.
 *
 * Errors of this store:
 * - `SESSION_STORE_NOT_SET_UP`: tables are missing, or belong to an earlier version.
 * - `SESSION_STORE_TOO_NEW`: the tables belong to a later version that this code does not work on.
 * - `SESSION_STORE_NAME_CONFLICT`: the tables belong to another application.
 * - `SESSION_STORE_DENIED`: the database user lacks rights.
 * - `SESSION_STORE_UNSUPPORTED`: the server is too old, or the database encoding is not UTF8.
 *
 * @param client pg's `Pool` or `Client`, or a {@link PostgresClient}.
 * @param options names of the tables, `batch` and `prepare`. Each option has a default.
 * @throws `TypeError` if `client` is neither, and for unknown or malformed options.
 * @example
 * ```ts
 * import pg from 'pg';
 * import { createSessions } from 'session-revocation';
 * import { postgresStore } from 'session-revocation/postgres';
 *
 * const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] });
 * pool.on('error', console.error); // errors of idle connections, which would otherwise end the process
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
  return inCall('postgresStore(client, options)', () => {
    const { tables, batch, prepare } = parseOptions(options);
    const store = createStore(clientOf(client), tables, prepare);
    return batch ? batched(store) : store;
  });
}

/** Clients that need a wrapper, each with a property that only this client has. */
const WRAPPERS: readonly (readonly [wrapper: string, property: string])[] = [
  ['fromPostgresJs(sql)', 'unsafe'],
  ['fromPglite(db)', 'execProtocol'],
  ['fromKysely(db)', 'withoutPlugins'],
  ['fromDrizzle(db, sql)', '$count'],
  ['fromTypeOrm(dataSource)', 'createQueryRunner'],
  ['fromPrisma(prisma)', '$queryRawUnsafe'],
];

function clientOf(client: unknown): PostgresClient<PgClient> {
  const has = (property: string): boolean =>
    ((typeof client === 'object' && client !== null) || typeof client === 'function') && property in client;
  if (has('run') && has('runWithin')) return client as PostgresClient<PgClient>;
  const [wrapper] = WRAPPERS.find(([, property]) => has(property)) ?? [];
  if (wrapper !== undefined) throw new TypeError(`client needs a wrapper: write postgresStore(${wrapper})`);
  refuseOther('postgresStore', client);
  if (has('query') && has('connect')) return fromPg(client as PgClient);
  throw new TypeError(
    "client must be pg's Pool or Client, such as new pg.Pool({ connectionString: url }), or the result of fromPostgresJs or " +
      `another wrapper of this entry, not ${kindOf(client)}`,
  );
}

const KNOWN = ['schema', 'prefix', 'batch', 'prepare'];

function parseOptions(options: unknown) {
  const { schema, prefix, batch, prepare } = parseArguments('options', options, KNOWN);
  return {
    tables: tablesOf({ schema, prefix }),
    batch: parseSwitch('batch', batch, true),
    prepare: parseSwitch('prepare', prepare, true),
  };
}
