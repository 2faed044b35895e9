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
import { tooLong } from './timed-connection.ts';
import { Watch } from './watch.ts';

/** A statement for `mysql2`. It returns rows by position, as the server sends them. */
export interface Mysql2Statement {
  /** SQL of one statement, with `?` for each parameter. */
  readonly sql: string;
  /** Always `true`: rows are lists, column by column. */
  readonly rowsAsArray: boolean;
  /** Always `true`: the driver's own conversion of values, in place of the app's. */
  readonly typeCast: boolean;
}

/** The subset of a pooled connection of `mysql2` that the store needs. */
export interface Mysql2CallbackConnection {
  /**
   * Runs a prepared statement.
   * @param statement the statement and the form of its rows.
   * @param values one for each `?`.
   * @param answer receives the error, or `null` and the result.
   */
  execute(
    statement: Mysql2Statement,
    values: (Buffer | number | string | null)[],
    answer: (error: Error | null, result: unknown) => void,
  ): unknown;
  /**
   * Runs a statement unprepared.
   * @param sql one statement without parameters.
   * @param answer receives the error, or `null` for success.
   */
  query(sql: string, answer: (error: Error | null) => void): unknown;
  /** Closes the connection permanently. */
  destroy(): void;
  /** Returns the connection to the pool. */
  release(): void;
}

/** The subset of a pool of `mysql2` that the store needs. */
export interface Mysql2CallbackPool {
  /**
   * Lends a connection.
   * @param take receives the error, or `null` and the connection.
   */
  getConnection(take: (error: NodeJS.ErrnoException | null, connection: Mysql2CallbackConnection) => void): void;
  /** Returns the same pool with the API of `mysql2/promise`. The store only tests whether this method exists. */
  promise(): unknown;
}

/** The subset of a pool of `mysql2/promise` that the store needs. */
export interface Mysql2Pool {
  /** The underlying pool of `mysql2`. */
  readonly pool: Mysql2CallbackPool;
}

/** The subset of a connection of `mysql2/promise`, single or from a pool, that the store needs. */
export interface Mysql2Connection {
  /**
   * Runs a prepared statement.
   * @param statement the statement and the form of its rows.
   * @param values one for each `?`.
   */
  execute(
    statement: Mysql2Statement,
    values: (Buffer | number | string | null)[],
  ): Promise<readonly [unknown, unknown]>;
  /**
   * Runs a statement unprepared.
   * @param sql one statement without parameters.
   */
  query(sql: string): Promise<unknown>;
  /** Closes the connection permanently. */
  destroy(): void;
}

/** Time limit for a look-up on a pooled connection, in ms. The connection is then closed. */
const MAX_READ = 5_000;

/**
 * Wraps a client of `mysql2`: a pool (of `mysql2` or `mysql2/promise`), or a connection of `mysql2/promise` that no
 * other code uses. A transaction is a connection of `mysql2/promise` on which the caller has begun one.
 * @param client the pool or the connection. The caller ends it.
 * @param options `allowReplicating`. Default: a server that replicates is refused with `SESSION_STORE_UNSAFE`.
 */
export function fromMysql2(
  client: Mysql2Pool | Mysql2CallbackPool | Mysql2Connection,
  options: ClientOptions = {},
): MysqlClient<Mysql2Connection> {
  const introduction = new Introduction(options);
  if ('pool' in client) return new Mysql2PoolClient(client.pool, introduction);
  if ('getConnection' in client) return new Mysql2PoolClient(client, introduction);
  const close = (): void => cutLone(client);
  return new LoneConnection({ connection: promised(client), owned: client, close, within: transacted, introduction });
}

export function isMysql2(client: object): client is Mysql2Pool | Mysql2CallbackPool | Mysql2Connection {
  if (isCallbackPool(client)) return true;
  if ('pool' in client) return isCallbackPool(client.pool);
  // A connection of `mysql2` itself also has `promise`, but does not return promises.
  return isConnection(client) && hasMethod(client, 'unprepare') && !hasMethod(client, 'promise');
}

const isCallbackPool = (client: unknown): boolean => hasMethod(client, 'getConnection') && hasMethod(client, 'promise');

/**
 * A client over a pool, by callbacks. The promises of `mysql2` capture a stack trace for each statement, which costs a
 * fifth more than callbacks.
 */
class Mysql2PoolClient implements MysqlClient<Mysql2Connection> {
  readonly #pool: Mysql2CallbackPool;
  readonly #introduction: Introduction;
  readonly #watch = new Watch();

  constructor(pool: Mysql2CallbackPool, introduction: Introduction) {
    this.#pool = pool;
    this.#introduction = introduction;
  }

  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]> {
    return new Promise((resolve, reject) => {
      this.#pool.getConnection((unavailable, connection) => {
        if (unavailable) return reject(unavailable);
        if (!this.#introduction.knows(connection)) {
          this.#readFirst(connection, sql, parameters).then(resolve, reject);
          return;
        }
        this.#watch.begin(connection, MAX_READ, () => {
          cut(connection);
          reject(tooLong(MAX_READ));
        });
        try {
          connection.execute(statementOf(sql), parameters as Parameter[], (error, result) => {
            this.#watch.done(connection);
            if (isFatal(error)) cut(connection);
            else connection.release();
            if (error) reject(error);
            else resolve(result as readonly MysqlRow[]);
          });
        } catch (error) {
          this.#watch.done(connection);
          connection.release();
          reject(error);
        }
      });
    });
  }

  lend(limit: number | null): Promise<LentConnection> {
    return new Promise((resolve, reject) => {
      this.#pool.getConnection((unavailable, connection) => {
        if (unavailable) reject(unavailable);
        else if (limit === null || this.#introduction.knows(connection)) resolve(this.#lent(connection, limit));
        else this.#introduced(connection, limit).then(resolve, reject);
      });
    });
  }

  #lent(connection: Mysql2CallbackConnection, limit: number | null): LentConnection {
    return new LentMysql2Connection(connection, limit, this.#watch);
  }

  async #introduced(connection: Mysql2CallbackConnection, limit: number): Promise<LentConnection> {
    const lent = this.#lent(connection, limit);
    await orGivenBack(lent, () => this.#introduction.look(connection, lent));
    return lent;
  }

  async #readFirst(
    connection: Mysql2CallbackConnection,
    sql: string,
    parameters: readonly Parameter[],
  ): Promise<readonly MysqlRow[]> {
    const lent = await this.#introduced(connection, MAX_READ);
    const rows = await orGivenBack(lent, () => lent.rows(sql, parameters));
    lent.release();
    return rows;
  }

  within(transaction: Mysql2Connection): MysqlConnection {
    return transacted(transaction);
  }
}

async function orGivenBack<T>(lent: LentConnection, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (isFatal(error)) lent.discard();
    else lent.release();
    throw error;
  }
}

class LentMysql2Connection implements LentConnection {
  readonly #connection: Mysql2CallbackConnection;
  readonly #limit: number | null;
  readonly #watch: Watch;
  #isCut = false;

  constructor(connection: Mysql2CallbackConnection, limit: number | null, watch: Watch) {
    this.#connection = connection;
    this.#limit = limit;
    this.#watch = watch;
  }

  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]> {
    return this.#run(sql, parameters).then((result) => result as readonly MysqlRow[]);
  }

  write(sql: string, parameters: readonly Parameter[]): Promise<number> {
    return this.#run(sql, parameters).then(affected);
  }

  command(sql: string): Promise<void> {
    return this.#ask<void>((answer) => this.#connection.query(sql, answer));
  }

  release(): void {
    this.#connection.release();
  }

  discard(): void {
    cut(this.#connection);
  }

  #run(sql: string, parameters: readonly Parameter[]): Promise<unknown> {
    return this.#ask<unknown>((answer) =>
      this.#connection.execute(statementOf(sql), parameters as Parameter[], answer),
    );
  }

  #ask<T>(question: (answer: (error: Error | null, result?: unknown) => void) => unknown): Promise<T> {
    const limit = this.#limit;
    return new Promise((resolve, reject) => {
      if (limit !== null) {
        if (this.#isCut) return reject(tooLong(limit));
        this.#watch.begin(this.#connection, limit, () => {
          this.#isCut = true;
          // Must come before the rejection: the caller's ROLLBACK must not wait for this connection.
          cut(this.#connection);
          reject(tooLong(limit));
        });
      }
      try {
        question((error, result) => {
          if (!this.#isCut) this.#watch.done(this.#connection);
          if (error) reject(error);
          else resolve(result as T);
        });
      } catch (error) {
        this.#watch.done(this.#connection);
        reject(error);
      }
    });
  }
}

function transacted(transaction: Mysql2Connection): MysqlConnection {
  if (isConnection(transaction) && !hasMethod(transaction, 'promise')) return promised(transaction);
  throw new TypeError('within needs the connection of mysql2/promise that began the transaction, not the pool');
}

const promised = (connection: Mysql2Connection): MysqlConnection => ({
  rows: async (sql, parameters) =>
    (await connection.execute(statementOf(sql), parameters as Parameter[]))[0] as readonly MysqlRow[],
  write: async (sql, parameters) =>
    affected((await connection.execute(statementOf(sql), parameters as Parameter[]))[0]),
  command: async (sql) => {
    await connection.query(sql);
  },
});

// Set here, to override the settings of the pool.
const statementOf = (sql: string): Mysql2Statement => ({ sql, rowsAsArray: true, typeCast: true });

/** True for a lost connection. It is still in the pool, which would lend it again if it were released. */
const isFatal = (error: unknown): boolean => (error as { readonly fatal?: unknown } | null)?.fatal === true;

const affected = (result: unknown): number => (result as { readonly affectedRows: number }).affectedRows;

/** Closes a connection at once. `destroy` alone waits for the server, and forever if the server is gone. */
function cut(connection: Mysql2CallbackConnection & { readonly stream?: { destroy?(): unknown } }): void {
  connection.destroy();
  connection.stream?.destroy?.();
}

function cutLone(
  lone: Mysql2Connection & { readonly connection?: { readonly stream?: { destroy?(): unknown } } },
): void {
  lone.destroy();
  lone.connection?.stream?.destroy?.();
}
