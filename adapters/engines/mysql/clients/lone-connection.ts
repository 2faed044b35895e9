import type { Introduction } from '../introduction.ts';
import type { LentConnection, MysqlClient, MysqlConnection, MysqlRow, Parameter } from './client.ts';
import { timedConnection } from './timed-connection.ts';
import { Watch } from './watch.ts';

/**
 * A statement that tests for a transaction. The server rejects it in a transaction (1568); otherwise it has no effect.
 * No other test works in both dialects with every client.
 */
export const REFUSED_IN_TRANSACTION = 'SET TRANSACTION READ WRITE';

/** The last task of each connection. Several stores may share a connection and take turns. */
const LAST = new WeakMap<object, Promise<void>>();

interface Lone<Transaction> {
  readonly connection: MysqlConnection;
  readonly owned: object;
  close(): void;
  within(transaction: Transaction): MysqlConnection;
  readonly introduction: Introduction;
}

/**
 * A client with a single connection. Before each task, it checks whether other code has begun a transaction. In one, a
 * read would see an older snapshot, and the store's own transaction would commit the other code's changes.
 */
export class LoneConnection<Transaction> implements MysqlClient<Transaction> {
  readonly within: (transaction: Transaction) => MysqlConnection;
  readonly #connection: MysqlConnection;
  readonly #owned: object;
  readonly #close: () => void;
  readonly #introduction: Introduction;
  readonly #watch = new Watch();

  constructor({ connection, owned, close, within, introduction }: Lone<Transaction>) {
    this.#connection = connection;
    this.#owned = owned;
    this.#close = close;
    this.#introduction = introduction;
    this.within = within;
  }

  async rows(sql: string, parameters: readonly Parameter[]): Promise<readonly MysqlRow[]> {
    const lent = await this.#take(null);
    try {
      await this.#introduce(lent);
      return await lent.rows(sql, parameters);
    } finally {
      lent.release();
    }
  }

  async lend(limit: number | null): Promise<LentConnection> {
    const lent = await this.#take(limit);
    if (limit === null) return lent;
    try {
      await this.#introduce(lent);
    } catch (error) {
      lent.release();
      throw error;
    }
    return lent;
  }

  async #introduce(lent: LentConnection): Promise<void> {
    if (!this.#introduction.knows(this.#owned)) await this.#introduction.look(this.#owned, lent);
  }

  async #take(limit: number | null): Promise<LentConnection> {
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
