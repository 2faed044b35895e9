import type { FoundSession, PruneBatch, Pruned } from '../../../src/adapter.ts';
import { withRealms } from '../sql/found.ts';
import type { MysqlConnection } from './clients/client.ts';
import { removeAll } from './connection.ts';
import type { Context } from './context.ts';
import { foundWithId, recordOf } from './rows.ts';
import { filledUp, key, limitOf, textOf } from './values.ts';

/** Limits the locks and the undo log of one transaction. */
const MAX_REMOVED = 2_000;

/** Skips rows that another pruning has locked. */
export async function prune(
  context: Context,
  { sessionsBefore, epochsBefore, after, revoked, ...batch }: PruneBatch,
): Promise<Pruned> {
  const { dueSessions, removeSessions, dueEpochs, removeEpochs } = context.statements;
  const limit = Math.min(batch.limit, MAX_REMOVED);
  const sessions = await removeDue(context, dueSessions, removeSessions, sessionsBefore, limit);
  const epochs =
    sessions === limit ? 0 : await removeDue(context, dueEpochs, removeEpochs, epochsBefore, limit - sessions);
  const left = limit - sessions - epochs;
  if (left === 0) return { sessions, epochs, more: true, after };

  const found = await readEndless(context, after, left);
  const over = found.filter((each) => revoked(each)).map(({ session }) => key(session.id));
  const removed = over.length === 0 ? 0 : await context.transact((one) => removeAll(one, removeSessions, over));
  const last = found.length === left ? found.at(-1) : undefined;
  return { sessions: sessions + removed, epochs, more: last !== undefined, after: last?.session.id ?? null };
}

function removeDue(
  { transact }: Context,
  select: string,
  remove: (count: number) => string,
  before: number,
  limit: number,
): Promise<number> {
  const step = async (connection: MysqlConnection): Promise<number> => {
    const rows = await connection.rows(select, [before, limitOf(limit)]);
    return removeAll(
      connection,
      remove,
      rows.map(([id]) => key(textOf(id))),
    );
  };
  return transact(step, { readCommitted: true });
}

/** A store may serve several realms, so each session gets the record of its own realm. */
async function readEndless(
  { ask, statements, records }: Context,
  after: string | null,
  limit: number,
): Promise<readonly FoundSession[]> {
  const rows = await ask(statements.endless, [key(NO_REALM), key(after ?? ''), limitOf(limit)]);
  const found = rows.map((row) => foundWithId(records, row));
  return withRealms(found, async (tags) => {
    const keys = filledUp(tags.map(key));
    const realms = await ask(statements.records(keys.length), keys);
    return new Map(realms.map(([tag, record]) => [textOf(tag), recordOf(records, record)]));
  });
}

const NO_REALM = '';
