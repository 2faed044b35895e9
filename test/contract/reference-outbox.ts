import type { AuditRecord, OutboxMessage } from '../../src/store/powers.ts';
import type { Data, SyncPowers } from './reference-store.ts';

/** A message in its queue. */
export interface QueuedRow extends OutboxMessage {
  readonly realm: string;
  readonly queue: string;
  readonly keepUntil: number;
  /** Grows with each message. */
  readonly place: number;
}

/** Returns a log to which records are pushed. Each one queues its message. */
export function loggedWith(outbox: QueuedRow[]): AuditRecord[] {
  const log: AuditRecord[] = [];
  return Object.defineProperty(log, 'push', {
    value(...records: readonly AuditRecord[]) {
      for (const record of records) for (const row of rowsOf(record)) queue(outbox, row);
      return Array.prototype.push.apply(log, [...records]);
    },
  });
}

const rowsOf = ({ realm, entry: { id, at }, keepUntil, message }: AuditRecord): readonly Omit<QueuedRow, 'place'>[] =>
  (message?.queues ?? []).map((queue) => ({ realm, queue, id, at, keepUntil, body: message?.body ?? '', state: '' }));

/** Puts a message at the end of its queue. */
export function queue(outbox: QueuedRow[], row: Omit<QueuedRow, 'place'>): void {
  const place = Math.max(0, ...outbox.map((one) => one.place)) + 1;
  outbox.push({ ...row, place });
}

/** The power `outbox`, in its simplest form. */
export const referenceOutbox = ({ outbox }: Pick<Data, 'outbox'>, open: () => void): SyncPowers['outbox'] => ({
  read({ realm, queue: name, after, limit }) {
    open();
    const rows = outbox
      .filter((row) => row.realm === realm && row.queue === name && row.place > Number(after ?? 0))
      .sort((a, b) => a.place - b.place);
    const page = rows.slice(0, limit);
    return {
      messages: page.map(({ id, at, body, state }) => ({ id, at, body, state })),
      after: rows.length > limit ? String(page.at(-1)?.place) : null,
    };
  },

  change({ realm, queue: name, id, ifState, state, to }) {
    open();
    const nth = outbox.findIndex((row) => row.realm === realm && row.queue === name && row.id === id);
    const row = outbox[nth];
    if (row?.state !== ifState) return false;
    if (state === null || to !== undefined) outbox.splice(nth, 1);
    else outbox[nth] = { ...row, state };
    if (state !== null && to !== undefined) queue(outbox, { ...row, queue: to, state });
    return true;
  },

  queues(realm) {
    open();
    const counts = new Map<string, number>();
    for (const row of outbox) if (row.realm === realm) counts.set(row.queue, (counts.get(row.queue) ?? 0) + 1);
    return [...counts].map(([name, messages]) => ({ queue: name, messages }));
  },

  prune(before, limit) {
    open();
    const due = outbox.filter(({ keepUntil }) => keepUntil < before).slice(0, limit);
    for (const row of due) outbox.splice(outbox.indexOf(row), 1);
    return due.length;
  },
});
