import type { FoundSession, PruneBatch, Pruned, Tag } from '../../../src/adapter.ts';
import { withRealms } from '../sql/found.ts';
import { recordOf } from '../sql/session-rows.ts';
import type { Context } from './context.ts';
import { allFoundIn } from './rows.ts';
import { parameter } from './values.ts';

/**
 * Removes due sessions, due records and old changes. Removes revoked sessions that never expire only if due sessions
 * and records do not fill the batch.
 */
export async function prune(context: Context, batch: PruneBatch): Promise<Pruned> {
  const { ask, statements } = context;
  const { sessionsBefore, epochsBefore, limit, after } = batch;
  await ask(statements.pruneChanges, parameter(limit));
  const [row] = await ask(statements.prune, ...[sessionsBefore, epochsBefore, limit].map(parameter));
  const [lookedAt = 0, sessions = 0, epochs = 0] = (row ?? []).map(Number);
  const left = limit - lookedAt - epochs;
  if (left <= 0) return { sessions, epochs, more: true, after };

  const found = await readEndless(context, after, left);
  const gone = found.filter((each) => batch.revoked(each)).map(({ session }) => session);
  const last = found.length === left ? found.at(-1) : undefined;
  const done = { epochs, more: last !== undefined, after: last?.session.id ?? null };
  if (gone.length === 0) return { ...done, sessions };
  const ids = gone.map(({ id }) => id);
  const credentials = gone.map(({ credential }) => credential);
  const [removed] = await ask(statements.removeEndless, ids, credentials);
  return { ...done, sessions: sessions + Number(removed?.[0]) };
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
  const rows = await ask(statements.endless, after ?? '', parameter(limit));
  const found = allFoundIn(epochs, rows);
  return withRealms(found, async (tags) => {
    const realms = await ask(statements.readEpochs, tags);
    return new Map(realms.map(([tag, record]) => [tag as Tag, recordOf(record)]));
  });
}
