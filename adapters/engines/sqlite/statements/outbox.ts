import { MESSAGE_COLUMNS } from '../../sql/outbox-rows.ts';
import type { Database } from '../connection.ts';
import type { Command, RowsQuery } from '../prepared.ts';

export interface OutboxStatements {
  /** Parameters: realm, queue, id, time, `keep_until`, body, state. Replaces a message that is in that queue already. */
  readonly insertMessage: Command;
  /** Parameters: realm, queue, the place to start after, the limit. */
  readonly messages: RowsQuery;
  /** Parameters: realm, queue, id, state. */
  readonly message: RowsQuery;
  /** Parameters: the new state; realm, queue, id, the state as read. */
  readonly noteMessage: Command;
  /** Parameters: realm, queue, id, the state as read. */
  readonly removeMessage: Command;
  readonly queues: RowsQuery;
  readonly pruneMessages: Command;
}

const THIS = 'realm_tag = ? AND queue = ? AND id = ? AND state = ?';

export const outboxStatementsOf = (database: Database): OutboxStatements => ({
  insertMessage: database.command(`
    INSERT OR REPLACE INTO outbox (realm_tag, queue, id, at, keep_until, body, state) VALUES (?, ?, ?, ?, ?, ?, ?)`),
  messages: database.rows(`
    SELECT ${MESSAGE_COLUMNS} FROM outbox WHERE realm_tag = ? AND queue = ? AND seq > ? ORDER BY seq LIMIT ?`),
  message: database.rows(`SELECT at, keep_until, body FROM outbox WHERE ${THIS}`),
  noteMessage: database.command(`UPDATE outbox SET state = ? WHERE ${THIS}`),
  removeMessage: database.command(`DELETE FROM outbox WHERE ${THIS}`),
  queues: database.rows('SELECT queue, count(*) FROM outbox WHERE realm_tag = ? GROUP BY queue'),
  pruneMessages: database.command(`
    DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE keep_until < ? ORDER BY keep_until LIMIT ?)`),
});
