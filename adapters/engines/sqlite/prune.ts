import { type FoundSession, type PruneBatch, type Pruned, type RecordCache, realmTag } from '../../../src/adapter.ts';
import { epochOf } from '../sql/session-rows.ts';
import { foundOf } from './rows.ts';
import type { Statements } from './statements.ts';

/** Maximum sessions and records in a batch. SQLite is synchronous: a larger batch would block the process. */
const MAX_REMOVED = 50;

/** Prunes one batch, in a transaction: sessions over by themselves, records, then revoked endless sessions. */
export function prune(statements: Statements, records: RecordCache, batch: PruneBatch): Pruned {
  const { sessionsBefore, epochsBefore, after } = batch;
  const limit = Math.min(batch.limit, MAX_REMOVED);
  const done = { sessions: 0, epochs: 0 };
  done.sessions = statements.pruneSessions(sessionsBefore, limit);
  done.epochs = statements.pruneEpochs(epochsBefore, limit - done.sessions);
  const left = limit - done.sessions - done.epochs;
  if (left === 0) return { ...done, more: true, after };

  const found = endless(statements, records, after, left);
  for (const each of found) {
    if (batch.revoked(each)) done.sessions += statements.remove(each.session.id);
  }
  const last = found.length === left ? found.at(-1) : undefined;
  return { ...done, more: last !== undefined, after: last?.session.id ?? null };
}

/** Reads sessions that never expire, each with the record of its own realm: a store may serve several realms. */
function endless(
  { endless, epoch }: Statements,
  records: RecordCache,
  after: string | null,
  limit: number,
): readonly FoundSession[] {
  const rows = endless(NO_REALM, after ?? '', limit);
  return rows.map((row) => {
    const found = foundOf(records, row);
    const realm = epoch(realmTag(found.session.realm));
    return {
      ...found,
      epochs: { ...found.epochs, realm: realm === undefined ? null : epochOf(records, realm).record },
    };
  });
}

const NO_REALM = null;
