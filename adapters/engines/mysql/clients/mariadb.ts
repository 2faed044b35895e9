import { hasMethod } from '../../sql/has-method.ts';
import { type ClientOptions, Introduction } from '../introduction.ts';
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

/** A statement for `mariadb`. It returns rows by position, as the server sends them. */
export interface MariadbStatement {
  /** SQL of one statement, with `?` for each parameter. */
  readonly sql: string;
  /** Always `true`: rows are lists, column by column. */
  readonly rowsAsArray: boolean;
  /** Always `false`: the result has the rows alone. */
  readonly metaAsArray: boolean;
}

/** The subset of a connection of `mariadb`, single or from a pool, that the store needs. */
export interface MariadbConnection {
  /**
   * Runs a prepared statement.
   * @param statement the statement and the form of its rows.
   * @param values one for each `?`.
   */
  execute(statement: MariadbStatement, values: Parameter[]): Promise<unknown>;
  /**
   * Runs a statement unprepared.
   * @param sql one statement without parameters.
   */
  query(sql: string): Promise<unknown>;
  /** Closes the connection permanently. */
  destroy(): void;
}

/** The subset of a pooled connection of `mariadb` that the store needs. */
export interface MariadbPoolConnection extends MariadbConnection {
  /** The driver's information object. It stays the same each time the connection is lent; the wrapper does not. */
  readonly info?: object | null | undefined;
  /** Returns the connection to the pool. */
  release(): Promise<void>;
}

/** The subset of a pool of `mariadb` that the store needs. */
export interface MariadbPool {
  /** Lends a connection. */
  getConnection(): Promise<MariadbPoolConnection>;
}

/** Time limit for a look-up on a pooled connection, in ms. The connection is then closed. */
const MAX_READ = 5_000;

/**
 * Wraps a client of `mariadb` (the promise API, not `mariadb/callback`): a pool, or a connection that no other code
 * uses. A transaction is a connection on which the caller has begun one.
 * @param client the pool or the connection. The caller ends it.
 * @param options `allowReplicating`. Default: a server that replicates is refused with `SESSION_STORE_UNSAFE`.
 */
export function fromMariadb(
  client: MariadbPool | MariadbConnection,
  options: ClientOptions = {},
): MysqlClient<MariadbConnection> {
  const introduction = new Introduction(options);
  if ('getConnection' in client) return new MariadbPoolClient(client, introduction);
  const close = (): void => client.destroy();
  return new LoneConnection({ connection: connected(client), owned: client, close, within: transacted, introduction });
}

export const isMariadb = (client: unknown): client is MariadbPool | MariadbConnection =>
  ['execute', 'query', 'batch', 'importFile'].every((name) => hasMethod(client, name));

class MariadbPoolClient implements MysqlClient<MariadbConnection> {
  readonly #pool: MariadbPool;
  readonly #introduction: Introduction;
  readonly #watch = new Watch();

  constructor(pool: MariadbPool, introduction: Introduction) {
    this.#pool = pool;
    this.#introduction = introduction;
  }

  async rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]> {
    const connection = await this.lend(MAX_READ);
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
    // Not awaited: the driver resets the connection, and no query should wait for that.
    const release = (): void => void connection.release().catch(() => connection.destroy());
    if (limit === null) return { ...plain, release, discard };
    const key = connection.info ?? connection;
    const timed = timedConnection(plain, { watch: this.#watch, key, close: discard, limit });
    const lent = { ...timed, release, discard };
    if (this.#introduction.knows(key)) return lent;
    try {
      await this.#introduction.look(key, lent);
    } catch (error) {
      release();
      throw error;
    }
    return lent;
  }

  within(transaction: MariadbConnection): MysqlConnection {
    return transacted(transaction);
  }
}

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

// Set here, to override the settings of the pool.
const statementOf = (sql: string): MariadbStatement => ({ sql, rowsAsArray: true, metaAsArray: false });
