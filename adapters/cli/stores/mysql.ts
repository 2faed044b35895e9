import { type MariadbPool, type Mysql2Pool, mysqlStore } from '../../engines/mysql/index.ts';
import { type Connection, type ConnectOptions, connectTimeout, MOST_CONNECTIONS } from './connection.ts';
import { findDriver } from './driver.ts';
import type { ServerUrl } from './store-url.ts';

/** What we need of mysql2/promise and of mariadb. */
interface Driver {
  createPool(options: object): (Mysql2Pool | MariadbPool) & { end(): Promise<void> };
}

const DEFAULT_PORT = 3306;

export function connectMysql({ url, settings }: ServerUrl<'mysql'>, options: ConnectOptions): Connection {
  const { name, exports } = findDriver('MySQL and MariaDB', ['mysql2/promise', 'mariadb']);
  const timeout = connectTimeout(options);
  const ofMariadb = { acquireTimeout: timeout, initializationTimeout: timeout };
  const pool = (exports as Driver).createPool({
    ...settingsOf(url),
    connectTimeout: timeout,
    connectionLimit: MOST_CONNECTIONS,
    ...(name === 'mariadb' ? ofMariadb : {}),
  });
  const store = mysqlStore(pool as Mysql2Pool, { prefix: settings.prefix });
  return { store, trouble: () => undefined, close: () => pool.end() };
}

/** Never the URL itself: one of the two quotes it in its errors, with the password. */
function settingsOf(url: URL): Record<string, unknown> {
  const settings: Record<string, unknown> = {
    host: decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
  // What else a driver takes, such as ?ssl={"rejectUnauthorized":true}.
  for (const [name, value] of url.searchParams) settings[name] ??= parsed(value);
  return settings;
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
