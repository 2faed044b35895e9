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
import { tooLong } from './timed-connection.ts';
import { Watch } from './watch.ts';

/** How `mysql2` is to run a statement: its rows by position, as the server gives them. */
export interface Mysql2Statement {
  readonly sql: string;
  readonly rowsAsArray: boolean;
  readonly typeCast: boolean;
}

/** The part of a connection in a pool of `mysql2` that the store needs. */
export interface Mysql2CallbackConnection {
  /** Runs a prepared statement. */
  execute(
    statement: Mysql2Statement,
    values: (Buffer | number | string | null)[],
    answer: (error: Error | null, result: unknown) => void,
  ): unknown;
  /** Runs a statement unprepared. */
  query(sql: string, answer: (error: Error | null) => void): unknown;
  /** Closes it for good. */
  destroy(): void;
  /** Gives it back to the pool. */
  release(): void;
}

/** The part of a pool of `mysql2` that the store needs. */
export interface Mysql2CallbackPool {
  /** Lends a connection. */
  getConnection(take: (error: NodeJS.ErrnoException | null, connection: Mysql2CallbackConnection) => void): void;
  /** The same pool as `mysql2/promise` has it; the store only looks whether this is there. */
  promise(): unknown;
}

/** The part of a pool of `mysql2/promise` that the store needs. */
export interface Mysql2Pool {
  /** The pool of `mysql2` beneath. */
  readonly pool: Mysql2CallbackPool;
}

/** The part of a connection of `mysql2/promise`, lone or of a pool, that the store needs. */
export interface Mysql2Connection {
  /** Runs a prepared statement. */
  execute(
    statement: Mysql2Statement,
    values: (Buffer | number | string | null)[],
  ): Promise<readonly [unknown, unknown]>;
  /** Runs a statement unprepared. */
  query(sql: string): Promise<unknown>;
  /** Closes it for good. */
  destroy(): void;
}

/** How long a pool's connection may take to answer a look-up, in ms; it is closed then. A healthy one takes none so long. */
const LONGEST_READ = 5_000;

/**
 * A client of `mysql2`: a pool (of `mysql2` or `mysql2/promise`), or a connection of `mysql2/promise` that nobody else uses.
 * A transaction is a connection of `mysql2/promise` within one.
 */
export function fromMysql2(client: Mysql2Pool | Mysql2CallbackPool | Mysql2Connection): MysqlClient<Mysql2Connection> {
  if ('pool' in client) return new Mysql2PoolClient(client.pool);
  if ('getConnection' in client) return new Mysql2PoolClient(client);
  return new LoneConnection(promised(client), client, () => cutLone(client), transacted);
}

/** Whether {@link fromMysql2} takes it. */
export function isMysql2(client: object): client is Mysql2Pool | Mysql2CallbackPool | Mysql2Connection {
  if (isCallbackPool(client)) return true;
  if ('pool' in client) return isCallbackPool(client.pool);
  // A connection of `mysql2` itself has `promise`, too, and answers no promise.
  return isConnection(client) && hasMethod(client, 'unprepare') && !hasMethod(client, 'promise');
}

const isCallbackPool = (client: unknown): boolean => hasMethod(client, 'getConnection') && hasMethod(client, 'promise');

/** Through callbacks: a statement through the promises of `mysql2` costs a fifth more, for a stack trace of each. */
class Mysql2PoolClient implements MysqlClient<Mysql2Connection> {
  readonly #pool: Mysql2CallbackPool;
  readonly #watch = new Watch();

  constructor(pool: Mysql2CallbackPool) {
    this.#pool = pool;
  }

  rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]> {
    return new Promise((resolve, reject) => {
      this.#pool.getConnection((unavailable, connection) => {
        if (unavailable) return reject(unavailable);
        this.#watch.begin(connection, LONGEST_READ, () => {
          cut(connection);
          reject(tooLong(LONGEST_READ));
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
        else resolve(new LentMysql2Connection(connection, limit, this.#watch));
      });
    });
  }

  within(transaction: Mysql2Connection): MysqlConnection {
    return transacted(transaction);
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
          // Before anybody hears of it: a ROLLBACK must not wait for this connection, too.
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

/** The connection that a transaction of the caller's is on. */
function transacted(transaction: Mysql2Connection): MysqlConnection {
  if (isConnection(transaction) && !hasMethod(transaction, 'promise')) return promised(transaction);
  throw new TypeError('within needs the connection of mysql2/promise that began the transaction, not the pool');
}

/** A connection of `mysql2/promise`. */
const promised = (connection: Mysql2Connection): MysqlConnection => ({
  rows: async (sql, parameters) =>
    (await connection.execute(statementOf(sql), parameters as Parameter[]))[0] as readonly MysqlRow[],
  write: async (sql, parameters) =>
    affected((await connection.execute(statementOf(sql), parameters as Parameter[]))[0]),
  command: async (sql) => {
    await connection.query(sql);
  },
});

// Said here, whatever the pool is set to.
const statementOf = (sql: string): Mysql2Statement => ({ sql, rowsAsArray: true, typeCast: true });

/** Whether the connection is lost: `mysql2` tells before it takes it out of the pool, and whoever waits there would be lent it. */
const isFatal = (error: Error | null): boolean => (error as { readonly fatal?: unknown } | null)?.fatal === true;

const affected = (result: unknown): number => (result as { readonly affectedRows: number }).affectedRows;

/** Closes a connection at once. `destroy` alone would wait for the server to agree, and where it is gone, for ever. */
function cut(connection: Mysql2CallbackConnection & { readonly stream?: { destroy?(): unknown } }): void {
  connection.destroy();
  connection.stream?.destroy?.();
}

/** The same with a connection of `mysql2/promise`. */
function cutLone(
  lone: Mysql2Connection & { readonly connection?: { readonly stream?: { destroy?(): unknown } } },
): void {
  lone.destroy();
  lone.connection?.stream?.destroy?.();
}
