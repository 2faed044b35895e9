import type { LentConnection, MysqlClient, MysqlConnection, MysqlRow, Parameter } from './client.ts';
import { timedConnection } from './timed-connection.ts';
import { Watch } from './watch.ts';

/**
 * Refused by the server within a transaction (1568), and without effect otherwise. Both dialects know no other way to ask
 * that every client could use.
 */
export const REFUSED_IN_TRANSACTION = 'SET TRANSACTION READ WRITE';

/** By connection, what was done last on it: several stores may share one, and take turns. */
const LAST = new WeakMap<object, Promise<void>>();

/**
 * One connection as a client: one thing at a time. Before each, it makes sure that the connection is not in a transaction
 * of somebody else's: a check would read an older snapshot there, and a transaction of ours would commit what is not ours.
 */
export class LoneConnection<Transaction> implements MysqlClient<Transaction> {
  readonly within: (transaction: Transaction) => MysqlConnection;
  readonly #connection: MysqlConnection;
  readonly #owned: object;
  readonly #close: () => void;
  readonly #watch = new Watch();

  /** Of `connection`; `owned` is what the driver has of it, and `close` closes that at once. */
  constructor(
    connection: MysqlConnection,
    owned: object,
    close: () => void,
    within: (transaction: Transaction) => MysqlConnection,
  ) {
    this.#connection = connection;
    this.#owned = owned;
    this.#close = close;
    this.within = within;
  }

  async rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]> {
    const lent = await this.lend(null);
    try {
      return await lent.rows(sql, parameters);
    } finally {
      lent.release();
    }
  }

  async lend(limit: number | null): Promise<LentConnection> {
    const before = LAST.get(this.#owned);
    let release = (): void => {};
    LAST.set(
      this.#owned,
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    await before;
    const connection = limit === null ? this.#connection : this.#timed(limit);
    try {
      await connection.command(REFUSED_IN_TRANSACTION);
    } catch (error) {
      release();
      throw error;
    }
    const discard = (): void => {
      this.#close();
      release();
    };
    return {
      rows: (sql, parameters) => connection.rows(sql, parameters),
      write: (sql, parameters) => connection.write(sql, parameters),
      command: (sql) => connection.command(sql),
      release,
      discard,
    };
  }

  #timed(limit: number): MysqlConnection {
    return timedConnection(this.#connection, { watch: this.#watch, key: this.#owned, limit, close: this.#close });
  }
}
