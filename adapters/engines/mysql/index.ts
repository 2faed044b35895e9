import { batched, inCall, kindOf, parseArguments, parseSwitch, refuseOther } from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import type { MysqlClient } from './clients/client.ts';
import { fromMariadb, isMariadb, type MariadbConnection, type MariadbPool } from './clients/mariadb.ts';
import {
  fromMysql2,
  isMysql2,
  type Mysql2CallbackPool,
  type Mysql2Connection,
  type Mysql2Pool,
} from './clients/mysql2.ts';
import type { ClientOptions } from './introduction.ts';
import { tablesOf } from './names.ts';
import { createStore } from './store.ts';

export type { LentConnection, MysqlClient, MysqlConnection, MysqlRow, Parameter } from './clients/client.ts';
export {
  fromMariadb,
  type MariadbConnection,
  type MariadbPool,
  type MariadbPoolConnection,
  type MariadbStatement,
} from './clients/mariadb.ts';
export {
  fromMysql2,
  type Mysql2CallbackConnection,
  type Mysql2CallbackPool,
  type Mysql2Connection,
  type Mysql2Pool,
  type Mysql2Statement,
} from './clients/mysql2.ts';
export type { ClientOptions } from './introduction.ts';
export { type MysqlSchemaOptions, mysqlSchema } from './schema.ts';

/** Options of {@link mysqlStore}. */
export interface MysqlOptions {
  /**
   * Prefix of the table names, at most 56 characters. The store quotes it in every statement. Stores with different
   * prefixes share a database and no data. Default `'session_revocation_'`.
   */
  readonly prefix?: string | undefined;
  /**
   * Combines lookups that arrive together into one statement. Set `false` for runtimes where one request must not wait
   * for I/O that another request started. Default `true`.
   */
  readonly batch?: boolean | undefined;
  /**
   * Allows a server that replicates from another server. A replica may still accept a session that was revoked on its
   * primary a moment ago. By default the store therefore rejects such a server with `SESSION_STORE_UNSAFE`. Set `true`
   * only for a pair of primaries when all processes use this one. Default `false`.
   */
  readonly allowReplicating?: boolean | undefined;
}

/**
 * Creates a store in MariaDB (10.6 or later) or MySQL (8.0.11 or later), for an app on any number of machines.
 *
 * - **Client**: a pool of `mysql2` or `mariadb`, or one connection of either that no other code uses. The caller keeps
 *   ownership and ends the client after the store. To use another driver, implement {@link MysqlClient}.
 * - **Tables**: `setup()` or a migration tool ({@link mysqlSchema}) creates and upgrades them, in the database that the
 *   client is connected to. The store never does so by itself. Until then, methods fail with
 *   `SESSION_STORE_NOT_SET_UP`.
 * - **Transactions**: `sessions.within(connection)` writes in the caller's transaction. The connection must be in a
 *   transaction and come from the same driver.
 * - **Durability**: an acknowledged write is committed. The server's settings decide whether it survives a crash:
 *   `setup()` warns if `innodb_flush_log_at_trx_commit` or `sync_binlog` lets a crash undo it. Replication is
 *   asynchronous by default, so a failover may lose the last acknowledged writes.
 * - **Powers**: the audit log, account policies, transactions, a diagnosis of the server, and its changes.
 *
 * A new connection fails with `SESSION_STORE_UNSAFE` if its server replicates from another one. It fails with
 * `SESSION_STORE_UNSUPPORTED` in an SQL mode that treats an empty string as NULL. A lookup fails with
 * `SESSION_STORE_UNSAFE` if the server is read-only, because it may be a replica. It also does if the connection is in
 * a transaction or has autocommit off, because it would then see an older snapshot.
 *
 * Other errors of this store:
 * - `SESSION_STORE_TOO_NEW`: the tables belong to a later version of this library. The store changes nothing.
 * - `SESSION_STORE_NAME_CONFLICT`: the tables belong to another application. The store changes nothing.
 * - `SESSION_STORE_DENIED`: the database user lacks rights, or the password is wrong.
 * - `SESSION_STORE_UNSUPPORTED`: the server is too old.
 * - `SESSION_STORE_UNAVAILABLE`: every other error of the driver, which is the `cause`.
 *
 * @param client a pool or a connection of `mysql2` or `mariadb`, or a {@link MysqlClient}.
 * @param options prefix of the tables, `batch` and `allowReplicating`. Each option has a default.
 * @throws `TypeError` if `client` is not a supported client, and for unknown or malformed options.
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
  return inCall('mysqlStore(client, options)', () => {
    const { tables, batch, allowReplicating } = parseOptions(options);
    const store = createStore<never>(clientOf(client, { allowReplicating }), tables, allowReplicating);
    return batch ? batched(store) : store;
  });
}

function clientOf(client: unknown, options: ClientOptions): MysqlClient<never> {
  if (typeof client === 'object' && client !== null) {
    if (isClient(client)) return client;
    refuseOther('mysqlStore', client);
    if (isMariadb(client)) return fromMariadb(client, options);
    if (isMysql2(client)) return fromMysql2(client, options);
  }
  throw new TypeError(
    'client must be a pool of mysql2 or mariadb, such as createPool(url), or a connection of mysql2/promise or mariadb, ' +
      `not ${kindOf(client)}`,
  );
}

const isClient = (client: object): client is MysqlClient<never> =>
  ['rows', 'lend', 'within'].every((name) => typeof (client as Record<string, unknown>)[name] === 'function');

const KNOWN = ['prefix', 'batch', 'allowReplicating'];

function parseOptions(options: unknown) {
  const { prefix, batch, allowReplicating } = parseArguments('options', options, KNOWN);
  return {
    tables: tablesOf(prefix),
    batch: parseSwitch('batch', batch, true),
    allowReplicating: parseSwitch('allowReplicating', allowReplicating),
  };
}
