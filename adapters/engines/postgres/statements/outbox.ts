import { MESSAGE_COLUMNS } from '../../sql/outbox-rows.ts';
import type { Tables } from '../names.ts';
import type { StatementText } from '../prepared.ts';
import { number } from './fragments.ts';

export type OutboxStatement = 'messages' | 'noteMessage' | 'removeMessage' | 'moveMessage' | 'queues' | 'pruneMessages';

const THIS = 'o.realm_tag = $1 AND o.queue = $2 AND o.id = $3 AND o.state = $4::text';

/** The first four parameters of a change are the realm's tag, the queue, the id, and the state that was read. */
export const OUTBOX_STATEMENTS: Readonly<Record<OutboxStatement, StatementText>> = {
  /** Parameters: the realm's tag, the queue, the place to start after, the limit. */
  messages: ({ outbox }: Tables) => `
    SELECT ${MESSAGE_COLUMNS} FROM ${outbox} WHERE realm_tag = $1 AND queue = $2 AND seq > ${number('$3')}
    ORDER BY seq LIMIT ${number('$4')}`,

  noteMessage: ({ outbox }: Tables) => `
    WITH changed AS (UPDATE ${outbox} o SET state = $5::text WHERE ${THIS} RETURNING 1)
    SELECT count(*) AS changed FROM changed`,

  removeMessage: ({ outbox }: Tables) => `
    WITH changed AS (DELETE FROM ${outbox} o WHERE ${THIS} RETURNING 1)
    SELECT count(*) AS changed FROM changed`,

  /** The new row gets the highest `seq`, so it is at the end of its queue. */
  moveMessage: ({ outbox }: Tables) => `
    WITH taken AS (
      DELETE FROM ${outbox} o WHERE ${THIS} RETURNING o.realm_tag, o.id, o.at, o.keep_until, o.body),
    changed AS (
      INSERT INTO ${outbox} (realm_tag, queue, id, at, keep_until, body, state)
      SELECT t.realm_tag, $6::text, t.id, t.at, t.keep_until, t.body, $5::text FROM taken t
      ON CONFLICT (realm_tag, queue, id) DO UPDATE SET seq = excluded.seq, state = excluded.state
      RETURNING 1)
    SELECT count(*) AS changed FROM changed`,

  queues: ({ outbox }: Tables) =>
    `SELECT queue, count(*) AS messages FROM ${outbox} WHERE realm_tag = $1 GROUP BY queue`,

  /** Parameters: a time, the limit. */
  pruneMessages: ({ outbox }: Tables) => `
    WITH removed AS (
      DELETE FROM ${outbox} o
      WHERE o.seq = ANY (ARRAY(
        SELECT d.seq FROM ${outbox} d WHERE d.keep_until < ${number('$1')}
        ORDER BY d.keep_until LIMIT ${number('$2')} FOR UPDATE SKIP LOCKED))
      RETURNING 1)
    SELECT count(*) AS removed FROM removed`,
};
