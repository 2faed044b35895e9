import type { MysqlConnection } from './client.ts';
import type { Watch } from './watch.ts';

export interface Timing {
  readonly watch: Watch;
  /** Identifies the connection. Stays the same each time the connection is lent. */
  readonly key: object;
  /** Time limit for each answer, in ms. */
  readonly limit: number;
  close(): void;
}

/** Returns a connection that is closed if an answer takes too long. It then sends no more statements. */
export function timedConnection(connection: MysqlConnection, { watch, key, limit, close }: Timing): MysqlConnection {
  let isClosed = false;
  const timed = <T>(question: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (isClosed) return reject(tooLong(limit));
      watch.begin(key, limit, () => {
        isClosed = true;
        // Must come before the rejection: the caller's next statement must not wait for this connection.
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

export const tooLong = (limit: number): Error => new Error(`no answer within ${limit} ms; the connection is closed`);
