import type { Connection, ConnectOptions } from './connection.ts';
import type { StoreUrl } from './store-url.ts';

export type { Connection, ConnectOptions } from './connection.ts';
export { parseStoreUrl, type StoreUrl } from './store-url.ts';

/**
 * Connects to the store of a URL. Loads only the engine of that URL, and its driver from the user's project.
 * @throws `SessionError`: `SESSION_STORE_UNSUPPORTED` without a driver, `SESSION_STORE_NOT_SET_UP` for a missing file,
 * `SESSION_STORE_UNAVAILABLE` if the server does not answer.
 */
export async function connect(url: StoreUrl, options: ConnectOptions): Promise<Connection> {
  switch (url.engine) {
    case 'sqlite':
      return (await import('./sqlite.ts')).connectSqlite(url.file, options);
    case 'postgres':
      return (await import('./postgres.ts')).connectPostgres(url, options);
    case 'mysql':
      return (await import('./mysql.ts')).connectMysql(url, options);
    case 'redis':
    case 'redis-cluster':
      return (await import('./redis.ts')).connectRedis(url, options);
  }
}
