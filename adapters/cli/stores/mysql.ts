import { isSessionError, SessionError } from '../../../src/index.ts';
import { meaningOf } from '../../engines/mysql/errors.ts';
import { type MariadbConnection, type Mysql2Pool, mysqlStore } from '../../engines/mysql/index.ts';
import {
  type Connection,
  type ConnectOptions,
  connectTimeout,
  type Emitter,
  MAX_CONNECTIONS,
  Trouble,
} from './connection.ts';
import { findDriver } from './driver.ts';
import type { ServerUrl } from './store-url.ts';

/** The subsets of the drivers that the command needs. */
interface Mysql2 {
  createPool(options: object): Mysql2Pool & { end(): Promise<void> };
}

interface Mariadb {
  createConnection(options: object): Promise<MariadbConnection & Emitter & { end(): Promise<void> }>;
}

const DEFAULT_PORT = 3306;

export async function connectMysql(
  { url, settings }: ServerUrl<'mysql'>,
  options: ConnectOptions,
): Promise<Connection> {
  const { name, exports } = findDriver('MySQL and MariaDB', ['mysql2/promise', 'mariadb']);
  const target = { ...settingsOf(url), connectTimeout: connectTimeout(options) };
  const { prefix } = settings;
  if (name === 'mariadb') return overMariadb(exports as Mariadb, target, prefix);
  const pool = (exports as Mysql2).createPool({ ...target, connectionLimit: MAX_CONNECTIONS });
  return { store: mysqlStore(pool, { prefix }), trouble: () => undefined, close: () => pool.end() };
}

/** Connects with the driver mariadb. Uses no pool, because a pool retries after a refusal and reports the reason only after its timeout. */
async function overMariadb(mariadb: Mariadb, target: object, prefix: string | undefined): Promise<Connection> {
  const connection = await mariadb.createConnection(target).catch((error: unknown) => {
    const cause = meaningOf(error);
    if (isSessionError(cause)) throw cause;
    throw new SessionError('SESSION_STORE_UNAVAILABLE', 'the server does not answer', { cause });
  });
  const trouble = new Trouble();
  trouble.listen(connection);
  return {
    store: mysqlStore(connection, { prefix }),
    trouble: () => trouble.last,
    close: () => connection.end(),
  };
}

/** Converts a URL to options of the driver. If a driver gets the URL, it quotes the URL with the password in errors. */
function settingsOf(url: URL): Record<string, unknown> {
  const settings: Record<string, unknown> = {
    host: decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
  // Parameters for the driver, such as ?ssl={"rejectUnauthorized":true}.
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
