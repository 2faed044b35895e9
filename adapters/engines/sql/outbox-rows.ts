import type { OutboxMessage } from '../../../src/adapter.ts';
import { fromColumn } from './values.ts';

/** Columns of a message: its place in the queue, then what {@link queuePageOf} returns. */
export const MESSAGE_COLUMNS = 'seq, id, at, body, state';

type MessageRow = readonly [seq: number, id: string, at: number, body: string, state: string];

/** Makes a page of a queue from at most `limit + 1` rows. */
export function queuePageOf(
  rows: readonly MessageRow[],
  limit: number,
): { readonly messages: readonly OutboxMessage[]; readonly after: string | null } {
  const page = rows.slice(0, limit);
  const messages = page.map(([, id, at, body, state]) => ({
    id,
    at,
    body: fromColumn(body),
    state: fromColumn(state),
  }));
  const last = page.at(-1);
  return { messages, after: rows.length > limit && last !== undefined ? String(last[0]) : null };
}
