import type { AuditRecord, OutboxChange, OutboxPower } from '../../../src/adapter.ts';
import { queuePageOf } from '../sql/outbox-rows.ts';
import type { MysqlConnection } from './clients/client.ts';
import { removeAll, Undone } from './connection.ts';
import type { Context } from './context.ts';
import type { Statements } from './statements/index.ts';
import { blob, key, limitOf, numberOf, textOf } from './values.ts';

export function outboxPower(context: Context): OutboxPower {
  const { ready, ask, transact, statements } = context;
  return {
    read: ({ realm, queue, after, limit }) =>
      ready(async () => {
        const place = [key(realm), key(queue), numberOf(after ?? 0), limitOf(limit + 1)];
        const rows = await ask(statements.messages, place);
        return queuePageOf(
          rows.map(([seq, id, at, body, state]) => [
            numberOf(seq),
            ...([textOf(id), numberOf(at), textOf(body), textOf(state)] as const),
          ]),
          limit,
        );
      }),
    change: (change) => ready(() => transact((connection) => changeMessage(connection, statements, change))),
    queues: (realm) =>
      ready(async () => {
        const rows = await ask(statements.queues, [key(realm)]);
        return rows.map(([queue, messages]) => ({ queue: textOf(queue), messages: numberOf(messages) }));
      }),
    prune: (before, limit) => ready(() => pruneMessages(context, before, limit)),
  };
}

export async function queueMessage(
  connection: MysqlConnection,
  { insertMessage }: Statements,
  { realm, entry: { id, at }, keepUntil, message }: AuditRecord,
): Promise<void> {
  for (const queue of message?.queues ?? []) {
    const values = [key(realm), key(queue), key(id), at, keepUntil, blob(message?.body ?? ''), blob('')];
    await connection.write(insertMessage, values);
  }
}

async function changeMessage(
  connection: MysqlConnection,
  { message, noteMessage, removeMessage, removeCopy, insertMessage }: Statements,
  { realm, queue, id, ifState, state, to }: OutboxChange,
): Promise<boolean> {
  const found = [key(realm), key(queue), key(id)];
  const before = blob(ifState);
  if (state === null) return (await connection.write(removeMessage, [...found, before])) > 0;
  if (to === undefined) return (await connection.write(noteMessage, [blob(state), ...found, before])) > 0;
  // What is read here never changes. The removal compares the state.
  const [row] = await connection.rows(message, found);
  if (row === undefined || (await connection.write(removeMessage, [...found, before])) === 0) throw new Undone(false);
  const [at, keepUntil, body] = row;
  const there = [key(realm), key(to), key(id)];
  await connection.write(removeCopy, there);
  await connection.write(insertMessage, [
    ...[...there, numberOf(at), numberOf(keepUntil), blob(textOf(body)), blob(state)],
  ]);
  return true;
}

/** Removes messages that need not be kept longer. Skips messages that another pruning has locked. */
function pruneMessages({ transact, statements }: Context, before: number, limit: number): Promise<number> {
  const step = async (connection: MysqlConnection): Promise<number> => {
    const rows = await connection.rows(statements.dueMessages, [before, limitOf(limit)]);
    return removeAll(
      connection,
      statements.removeMessages,
      rows.map(([seq]) => numberOf(seq)),
    );
  };
  return transact(step, { readCommitted: true });
}
