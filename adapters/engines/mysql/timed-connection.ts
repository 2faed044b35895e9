import type { MysqlConnection } from './client.ts';
import type { Watch } from './watch.ts';

/** How a connection is timed. */
export interface Timing {
  readonly watch: Watch;
  /** What stays the same each time that the connection is lent. */
  readonly key: object;
  /** How long an answer may take, in ms. */
  readonly limit: number;
  /** Closes the connection at once. */
  close(): void;
}

/** A connection that is closed where an answer takes too long, and asked nothing from then on. */
export function timedConnection(connection: MysqlConnection, { watch, key, limit, close }: Timing): MysqlConnection {
  let isClosed = false;
  const timed = <T>(question: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (isClosed) return reject(tooLong(limit));
      watch.begin(key, limit, () => {
        isClosed = true;
        // Before anybody hears of it: what is asked next must not wait for this connection, too.
        close();
        reject(tooLong(limit));
      });
      question()
        .finally(() => isClosed || watch.done(key))
        .then(resolve, reject);
    });
  return {
    rows: (sql, parameters) => timed(() => connection.rows(sql, parameters)),
    write: (sql, parameters) => timed(() => connection.write(sql, parameters)),
    command: (sql) => timed(() => connection.command(sql)),
  };
}

/** What is reported where no answer came in time. */
export const tooLong = (limit: number): Error => new Error(`no answer within ${limit} ms; the connection is closed`);
