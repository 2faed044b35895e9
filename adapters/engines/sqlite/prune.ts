import { type FoundSession, type PruneBatch, type Pruned, realmTag } from '../../../src/adapter.ts';
import { sharedRecordOf } from '../sql/session-rows.ts';
import type { Context } from './context.ts';
import { foundIn } from './rows.ts';

/** Maximum number of rows that one batch removes. SQLite is synchronous: a larger batch would block the process. */
const MAX_REMOVED = 50;

/**
 * Removes due sessions, due records, and revoked sessions that never expire. Need not sync: rows that come back after a
 * crash are pruned again.
 */
export const prune = (context: Context, batch: PruneBatch): Pruned =>
  context.database.writeUnsynced(() => pruneBatch(context, batch));

function pruneBatch(context: Context, batch: PruneBatch): Pruned {
  const { statements, changes } = context;
  const { sessionsBefore, epochsBefore, after } = batch;
  const limit = Math.min(batch.limit, MAX_REMOVED);
  const done = { sessions: 0, epochs: 0 };
  done.sessions = statements.pruneSessions(sessionsBefore, limit);
  done.epochs = statements.pruneEpochs(epochsBefore, limit - done.sessions);
  if (done.epochs > 0) changes.noteAll();
  const left = limit - done.sessions - done.epochs;
  if (left === 0) return { ...done, more: true, after };

  const found = readEndless(context, after, left);
  for (const each of found) {
    if (batch.revoked(each)) done.sessions += statements.remove(each.session.id);
  }
  const last = found.length === left ? found.at(-1) : undefined;
  return { ...done, more: last !== undefined, after: last?.session.id ?? null };
}

/**
 * Reads a page of sessions that never expire. A store may serve several realms, so each session gets the record of its
 * own realm.
 */
function readEndless(
  { statements, epochs: cache }: Context,
  after: string | null,
  limit: number,
): readonly FoundSession[] {
  return statements.endless(NO_REALM, after ?? '', limit).map((row) => {
    const { session, epochs } = foundIn(cache, row);
    const realm = realmTag(session.realm);
    return { session, epochs: { ...epochs, realm: sharedRecordOf(cache, statements.epoch(realm)?.[0], realm) } };
  });
}

const NO_REALM = null;
