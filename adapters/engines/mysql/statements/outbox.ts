import { MESSAGE_COLUMNS } from '../../sql/outbox-rows.ts';
import type { Tables } from '../names.ts';
import { marks } from '../values.ts';

export interface OutboxStatements {
  /** Parameters: realm, queue, id, time, `keep_until`, body, state. */
  readonly insertMessage: string;
  /** Parameters: realm, queue, the place to start after, the limit. */
  readonly messages: string;
  /** Selects time, `keep_until` and body. Parameters: realm, queue, id. */
  readonly message: string;
  /** Parameters: the new state; realm, queue, id, the state as read. */
  readonly noteMessage: string;
  /** Parameters: realm, queue, id, the state as read. */
  readonly removeMessage: string;
  /** Like `removeMessage`, in any state. */
  readonly removeCopy: string;
  readonly queues: string;
  /** Selects and locks the keys of messages that need not be kept. Skips those that other transactions have locked. */
  readonly dueMessages: string;
  removeMessages(count: number): string;
}

const THIS = 'realm_tag = ? AND queue = ? AND id = ?';

export const outboxStatementsOf = ({ outbox }: Tables): OutboxStatements => ({
  insertMessage: `
    INSERT INTO ${outbox} (realm_tag, queue, id, at, keep_until, body, state) VALUES (${marks(7)})`,
  messages: `
    SELECT ${MESSAGE_COLUMNS} FROM ${outbox} FORCE INDEX (of_queue)
    WHERE realm_tag = ? AND queue = ? AND seq > ? ORDER BY seq LIMIT ?`,
  message: `SELECT at, keep_until, body FROM ${outbox} WHERE ${THIS}`,
  // Some clients do not count a row that stays as it was.
  noteMessage: `UPDATE ${outbox} SET state = ?, revision = revision + 1 WHERE ${THIS} AND state = ?`,
  removeMessage: `DELETE FROM ${outbox} WHERE ${THIS} AND state = ?`,
  removeCopy: `DELETE FROM ${outbox} WHERE ${THIS}`,
  queues: `SELECT queue, COUNT(*) FROM ${outbox} WHERE realm_tag = ? GROUP BY queue`,
  dueMessages: `SELECT seq FROM ${outbox} WHERE keep_until < ? ORDER BY keep_until LIMIT ? FOR UPDATE SKIP LOCKED`,
  removeMessages: (count) => `DELETE FROM ${outbox} WHERE seq IN (${marks(count)})`,
});
