import type { OutboxPower } from '../../../src/adapter.ts';
import { queuePageOf } from '../sql/outbox-rows.ts';
import { toColumn } from '../sql/values.ts';
import type { Context } from './context.ts';
import { parameter } from './values.ts';

export const outboxPower = ({ ask, statements }: Context): OutboxPower => ({
  async read({ realm, queue, after, limit }) {
    const rows = await ask(statements.messages, realm, queue, after ?? '0', parameter(limit + 1));
    return queuePageOf(
      rows.map(([seq, id, at, body, state]) => [Number(seq), String(id), Number(at), String(body), String(state)]),
      limit,
    );
  },
  async change({ realm, queue, id, ifState, state, to }) {
    const found = [realm, queue, id, toColumn(ifState)];
    const [row] =
      state === null
        ? await ask(statements.removeMessage, ...found)
        : to === undefined
          ? await ask(statements.noteMessage, ...found, toColumn(state))
          : await ask(statements.moveMessage, ...found, toColumn(state), to);
    return Number(row?.[0]) > 0;
  },
  async queues(realm) {
    const rows = await ask(statements.queues, realm);
    return rows.map(([queue, messages]) => ({ queue: String(queue), messages: Number(messages) }));
  },
  async prune(before, limit) {
    const [row] = await ask(statements.pruneMessages, parameter(before), parameter(limit));
    return Number(row?.[0]);
  },
});
