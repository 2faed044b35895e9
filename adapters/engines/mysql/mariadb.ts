import { hasMethod } from '../sql/has-method.ts';
import {
  isConnection,
  type LentConnection,
  type MysqlClient,
  type MysqlConnection,
  type MysqlRow,
  type Parameter,
} from './client.ts';
import { LoneConnection } from './lone-connection.ts';
import { timedConnection } from './timed-connection.ts';
import { Watch } from './watch.ts';

/** How `mariadb` is to run a statement: its rows by position, as the server gives them. */
export interface MariadbStatement {
  readonly sql: string;
  readonly rowsAsArray: boolean;
  readonly metaAsArray: boolean;
}

/** The part of a connection of `mariadb`, lone or of a pool, that the store needs. */
export interface MariadbConnection {
  /** Runs a prepared statement. */
  execute(statement: MariadbStatement, values: Parameter[]): Promise<unknown>;
  /** Runs a statement unprepared. */
  query(sql: string): Promise<unknown>;
  /** Closes it for good. */
  destroy(): void;
}

/** The part of a connection in a pool of `mariadb` that the store needs. */
export interface MariadbPoolConnection extends MariadbConnection {
  /** What the driver knows of the connection: the same each time that it is lent, in another wrapping. */
  readonly info?: object | null | undefined;
  /** Gives it back to the pool. */
  release(): Promise<void>;
}

/** The part of a pool of `mariadb` that the store needs. */
export interface MariadbPool {
  /** Lends a connection. */
  getConnection(): Promise<MariadbPoolConnection>;
}

/** How long a pool's connection may take to answer a look-up, in ms; it is closed then. A healthy one takes none so long. */
const LONGEST_READ = 5_000;

/**
 * A client of `mariadb` (the promises, not `mariadb/callback`): a pool, or a connection that nobody else uses. A transaction
 * is a connection within one.
 */
export function fromMariadb(client: MariadbPool | MariadbConnection): MysqlClient<MariadbConnection> {
  if ('getConnection' in client) return new MariadbPoolClient(client);
  return new LoneConnection(connected(client), client, () => client.destroy(), transacted);
}

/** Whether {@link fromMariadb} takes it. */
export const isMariadb = (client: unknown): client is MariadbPool | MariadbConnection =>
  ['execute', 'query', 'batch', 'importFile'].every((name) => hasMethod(client, name));

class MariadbPoolClient implements MysqlClient<MariadbConnection> {
  readonly #pool: MariadbPool;
  readonly #watch = new Watch();

  constructor(pool: MariadbPool) {
    this.#pool = pool;
  }

  async rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]> {
    const connection = await this.lend(LONGEST_READ);
    try {
      return await connection.rows(sql, parameters);
    } finally {
      connection.release();
    }
  }

  async lend(limit: number | null): Promise<LentConnection> {
    const connection = await this.#pool.getConnection();
    const plain = connected(connection);
    const discard = (): void => connection.destroy();
    const timing = { watch: this.#watch, key: connection.info ?? connection, close: discard };
    return {
      ...(limit === null ? plain : timedConnection(plain, { ...timing, limit })),
      // It is the driver's to tidy up; nobody waits for it.
      release: () => void connection.release().catch(() => connection.destroy()),
      discard,
    };
  }

  within(transaction: MariadbConnection): MysqlConnection {
    return transacted(transaction);
  }
}

/** The connection that a transaction of the caller's is on. */
function transacted(transaction: MariadbConnection): MysqlConnection {
  if (isConnection(transaction)) return connected(transaction);
  throw new TypeError('within needs the connection of mariadb that began the transaction, not the pool');
}

const connected = (connection: MariadbConnection): MysqlConnection => ({
  rows: async (sql, parameters) =>
    (await connection.execute(statementOf(sql), parameters as Parameter[])) as readonly MysqlRow[],
  write: async (sql, parameters) => {
    const result = await connection.execute(statementOf(sql), parameters as Parameter[]);
    return (result as { readonly affectedRows: number }).affectedRows;
  },
  command: async (sql) => {
    await connection.query(sql);
  },
});

// Said here, whatever the pool is set to.
const statementOf = (sql: string): MariadbStatement => ({ sql, rowsAsArray: true, metaAsArray: false });
