import { fromPostgresJs, type PgClient, type PostgresJsClient, postgresStore } from '../../engines/postgres/index.ts';
import {
  type Connection,
  type ConnectOptions,
  connectTimeout,
  type Emitter,
  MAX_CONNECTIONS,
  Trouble,
} from './connection.ts';
import { findDriver } from './driver.ts';
import { type ServerUrl, switchOf } from './store-url.ts';

/** The subsets of the drivers that the command needs. */
interface Pg {
  readonly Pool: new (options: object) => PgClient & Emitter & { end(): Promise<void> };
}

type PostgresJs = (
  url: string,
  options: object,
) => PostgresJsClient & { end(options: { readonly timeout: number }): Promise<void> };

const APPLICATION = 'session-revocation';

export function connectPostgres({ url, settings }: ServerUrl<'postgres'>, options: ConnectOptions): Connection {
  const driver = findDriver('PostgreSQL', ['pg', 'postgres']);
  const { schema, prefix } = settings;
  const store = { schema, prefix, prepare: switchOf('prepare', settings.prepare) };
  const trouble = new Trouble();
  const timeout = connectTimeout(options);
  if (driver.name === 'pg') {
    const { Pool } = driver.exports as Pg;
    const pool = new Pool({
      connectionString: url.href,
      connectionTimeoutMillis: timeout,
      max: MAX_CONNECTIONS,
      application_name: APPLICATION,
    });
    trouble.listen(pool);
    return { store: postgresStore(pool, store), trouble: () => trouble.last, close: () => pool.end() };
  }
  const sql = (driver.exports as PostgresJs)(url.href, {
    connect_timeout: Math.ceil(timeout / 1000),
    max: MAX_CONNECTIONS,
    connection: { application_name: APPLICATION },
    // By default, postgres writes the server's notices to stdout, among the answers.
    onnotice: () => {},
  });
  return {
    store: postgresStore(fromPostgresJs(sql), store),
    trouble: () => trouble.last,
    close: () => sql.end({ timeout: 1 }),
  };
}
