import { batched, type SessionStore } from '../../../src/index.ts';
import type { MysqlClient } from './client.ts';
import { fromMariadb, isMariadb, type MariadbConnection, type MariadbPool } from './mariadb.ts';
import { fromMysql2, isMysql2, type Mysql2CallbackPool, type Mysql2Connection, type Mysql2Pool } from './mysql2.ts';
import { namesOf } from './names.ts';
import { MysqlStore } from './store.ts';

export type { LentConnection, MysqlClient, MysqlConnection, MysqlRow, Parameter } from './client.ts';
export {
  fromMariadb,
  type MariadbConnection,
  type MariadbPool,
  type MariadbPoolConnection,
  type MariadbStatement,
} from './mariadb.ts';
export {
  fromMysql2,
  type Mysql2CallbackConnection,
  type Mysql2CallbackPool,
  type Mysql2Connection,
  type Mysql2Pool,
  type Mysql2Statement,
} from './mysql2.ts';
export { type MysqlSchemaOptions, mysqlSchema } from './schema.ts';

/** Options of {@link mysqlStore}. */
export interface MysqlOptions {
  /**
   * What the names of the tables begin with: at most 56 characters, quoted wherever they stand. Stores with different ones
   * share a database and nothing else. Default `'session_revocation_'`.
   */
  readonly prefix?: string | undefined;
  /**
   * Whether look-ups that come together share a statement. For runtimes where a request must not wait for what another one
   * began, `false`. Default `true`.
   */
  readonly batch?: boolean | undefined;
}

/**
 * A store in MariaDB (10.6 or later) or MySQL (8.0.11 or later): for an app on any number of machines.
 *
 * - **Client**: a pool of `mysql2` or `mariadb`, taken as it is; or one connection of theirs that nobody else uses. It stays
 *   the caller's, who ends it after the store. Whatever else can run statements is a {@link MysqlClient}.
 * - **Tables**: made and upgraded by `setup()` or by a migration tool ({@link mysqlSchema}), never unasked:
 *   `SESSION_STORE_NOT_SET_UP` before that. In the database that the client is connected to.
 * - **Transactions**: `sessions.within(connection)` writes in a transaction of the caller's, on a connection of the same
 *   driver that is in one.
 * - **Durability**: what is acknowledged is committed, and as safe as the server makes that: see
 *   `innodb_flush_log_at_trx_commit` and `sync_binlog`. Replication is asynchronous by default: a failover may lose what was
 *   acknowledged last.
 * - **Powers**: the audit log, the policies of accounts, transactions, and a diagnosis of the server.
 *
 * A look-up is refused as `SESSION_STORE_UNSAFE` where the server only reads (it may be a replica), and where the connection
 * is in a transaction or has autocommit off, so that it would see an older snapshot. Other errors of this store:
 * `SESSION_STORE_TOO_NEW` and `SESSION_STORE_FOREIGN` (tables that are not this version's, or not ours; nothing is touched),
 * `SESSION_STORE_DENIED` (rights, or the password) and `SESSION_STORE_UNSUPPORTED` (the server is too old). Everything else
 * that the driver reports is `SESSION_STORE_UNAVAILABLE`, with its error as the `cause`.
 *
 * @throws `TypeError` for what is no client, and for unknown or malformed options.
 * @example
 * ```ts
 * import { createPool } from 'mysql2/promise';
 * import { createSessions } from 'session-revocation';
 * import { mysqlStore } from 'session-revocation/mysql';
 *
 * const store = mysqlStore(createPool('mysql://app@localhost/shop'));
 * await store.setup?.();
 * const sessions = createSessions({ store });
 * ```
 */
export function mysqlStore(
  client: Mysql2Pool | Mysql2CallbackPool | Mysql2Connection,
  options?: MysqlOptions,
): SessionStore<Mysql2Connection>;
export function mysqlStore(
  client: MariadbPool | MariadbConnection,
  options?: MysqlOptions,
): SessionStore<MariadbConnection>;
export function mysqlStore<Transaction>(
  client: MysqlClient<Transaction>,
  options?: MysqlOptions,
): SessionStore<Transaction>;
export function mysqlStore(client: unknown, options: MysqlOptions = {}): SessionStore<never> {
  const { prefix, batch } = parseOptions(options);
  const store = new MysqlStore<never>(clientOf(client), namesOf(prefix));
  return batch ? batched(store) : store;
}

function clientOf(client: unknown): MysqlClient<never> {
  if (typeof client === 'object' && client !== null) {
    if (isClient(client)) return client;
    if (isMariadb(client)) return fromMariadb(client);
    if (isMysql2(client)) return fromMysql2(client);
  }
  throw new TypeError(
    'mysqlStore needs a pool of mysql2 or mariadb, or a connection of mysql2/promise or mariadb; a URL goes to createPool()',
  );
}

const isClient = (client: object): client is MysqlClient<never> =>
  ['rows', 'lend', 'within'].every((name) => typeof (client as Record<string, unknown>)[name] === 'function');

function parseOptions(options: unknown): { readonly prefix: unknown; readonly batch: boolean } {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('the options of mysqlStore must be an object');
  const { prefix, batch = true, ...unknown } = options as Record<string, unknown>;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new TypeError(`mysqlStore has an unknown option ${JSON.stringify(name)}; known are prefix and batch`);
  }
  if (typeof batch !== 'boolean') throw new TypeError('batch must be true or false');
  return { prefix, batch };
}
