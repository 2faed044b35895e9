import type { Connection, ConnectOptions } from './stores/connection.ts';
import type { StoreUrl } from './stores/store-url.ts';

export type { Connection, ConnectOptions } from './stores/connection.ts';
export { parseStoreUrl, type StoreUrl } from './stores/store-url.ts';

/**
 * Connects to a store. Only its engine is loaded, and its driver from the user's project.
 * @throws `SessionError`: `SESSION_STORE_UNSUPPORTED` where there is no driver, `SESSION_STORE_NOT_SET_UP` for a file
 * that is not there, `SESSION_STORE_UNAVAILABLE` where nothing answers.
 */
export async function connect(url: StoreUrl, options: ConnectOptions): Promise<Connection> {
  switch (url.engine) {
    case 'sqlite':
      return (await import('./stores/sqlite.ts')).connectSqlite(url.file, options);
    case 'postgres':
      return (await import('./stores/postgres.ts')).connectPostgres(url, options);
    case 'mysql':
      return (await import('./stores/mysql.ts')).connectMysql(url, options);
    case 'redis':
    case 'redis-cluster':
      return (await import('./stores/redis.ts')).connectRedis(url, options);
  }
}
