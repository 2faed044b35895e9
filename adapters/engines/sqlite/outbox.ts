import type { OutboxChange, OutboxPower } from '../../../src/adapter.ts';
import { queuePageOf } from '../sql/outbox-rows.ts';
import { toColumn } from '../sql/values.ts';
import type { Context } from './context.ts';
import type { Statements } from './statements/index.ts';

// A change that a crash undoes is repeated: the message is delivered again. So these writes need not sync.
export const outboxPower = (open: () => Context): OutboxPower => ({
  read({ realm, queue, after, limit }) {
    const { database, statements } = open();
    const rows = database.read(() => statements.messages(realm, queue, Number(after ?? 0), limit + 1));
    return queuePageOf(rows as unknown as Parameters<typeof queuePageOf>[0], limit);
  },
  change(change) {
    const { database, statements } = open();
    return database.writeUnsynced(() => changeMessage(statements, change));
  },
  queues(realm) {
    const { database, statements } = open();
    const rows = database.read(() => statements.queues(realm));
    return rows.map(([queue, messages]) => ({ queue: queue as string, messages: messages as number }));
  },
  prune(before, limit) {
    const { database, statements } = open();
    return database.writeUnsynced(() => statements.pruneMessages(before, limit));
  },
});

function changeMessage(statements: Statements, { realm, queue, id, ifState, state, to }: OutboxChange): boolean {
  const before = toColumn(ifState);
  if (state !== null && to === undefined) {
    return statements.noteMessage(toColumn(state), realm, queue, id, before) > 0;
  }
  const [message] = statements.message(realm, queue, id, before);
  if (message === undefined) return false;
  statements.removeMessage(realm, queue, id, before);
  if (state !== null && to !== undefined) statements.insertMessage(realm, to, id, ...message, toColumn(state));
  return true;
}
