import type { FoundSession, PruneBatch, Pruned, Tag } from '../../../src/adapter.ts';
import { withRealms } from '../sql/found.ts';
import { recordOf } from '../sql/session-rows.ts';
import { numberChanges, pruneChanges, recordChanges } from './changes.ts';
import type { MysqlConnection } from './clients/client.ts';
import { removeAll } from './connection.ts';
import type { Context } from './context.ts';
import { foundIn } from './rows.ts';
import { filledUp, key, limitOf, textOf } from './values.ts';

/** Maximum number of rows that one batch removes. Limits the locks and the undo log of one transaction. */
const MAX_REMOVED = 2_000;

/**
 * Removes due sessions, due records, and revoked sessions that never expire. Skips rows that another pruning has
 * locked.
 */
export async function prune(context: Context, batch: PruneBatch): Promise<Pruned> {
  // If no process asks for changes, only pruning gives them numbers.
  await numberChanges(context);
  const isLeft = await pruneChanges(context);
  const pruned = await pruneRecords(context, batch);
  return { ...pruned, more: pruned.more || isLeft };
}

async function pruneRecords(
  context: Context,
  { sessionsBefore, epochsBefore, after, revoked, ...batch }: PruneBatch,
): Promise<Pruned> {
  const { dueSessions, removeSessions } = context.statements;
  const limit = Math.min(batch.limit, MAX_REMOVED);
  const sessions = await removeDue(context, dueSessions, removeSessions, sessionsBefore, limit);
  const epochs = sessions === limit ? 0 : await removeDueEpochs(context, epochsBefore, limit - sessions);
  const left = limit - sessions - epochs;
  if (left === 0) return { sessions, epochs, more: true, after };

  const found = await readEndless(context, after, left);
  const over = found.filter((each) => revoked(each)).map(({ session }) => key(session.id));
  const removed = over.length === 0 ? 0 : await context.transact((one) => removeAll(one, removeSessions, over));
  const last = found.length === left ? found.at(-1) : undefined;
  return { sessions: sessions + removed, epochs, more: last !== undefined, after: last?.session.id ?? null };
}

const removeDue = (
  { transact }: Context,
  select: string,
  remove: (count: number) => string,
  before: number,
  limit: number,
): Promise<number> =>
  transact(async (connection) => removeAll(connection, remove, await lockDue(connection, select, before, limit)), {
    readCommitted: true,
  });

const removeDueEpochs = ({ transact, statements }: Context, before: number, limit: number): Promise<number> =>
  transact(
    async (connection) => {
      const keys = await lockDue(connection, statements.dueEpochs, before, limit);
      await recordChanges(
        connection,
        statements,
        keys.map((tag) => textOf(tag) as Tag),
      );
      return removeAll(connection, statements.removeEpochs, keys);
    },
    { readCommitted: true },
  );

async function lockDue(
  connection: MysqlConnection,
  select: string,
  before: number,
  limit: number,
): Promise<readonly Buffer[]> {
  const rows = await connection.rows(select, [before, limitOf(limit)]);
  return rows.map(([id]) => key(textOf(id)));
}

/**
 * Reads a page of sessions that never expire. A store may serve several realms, so each session gets the record of its
 * own realm.
 */
async function readEndless(
  { ask, statements, epochs }: Context,
  after: string | null,
  limit: number,
): Promise<readonly FoundSession[]> {
  const rows = await ask(statements.endless, [key(NO_REALM), key(after ?? ''), limitOf(limit)]);
  const found = rows.map((row) => foundIn(epochs, row, null));
  return withRealms(found, async (tags) => {
    const keys = filledUp(tags.map(key));
    const realms = await ask(statements.records(keys.length), keys);
    return new Map(realms.map(([tag, record]) => [textOf(tag), recordOf(textOf(record))]));
  });
}

const NO_REALM = '';
