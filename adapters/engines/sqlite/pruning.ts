import { type FoundSession, type PruneBatch, type Pruned, realmTag } from '../../../src/index.ts';
import { epochOf } from '../sql/session-row.ts';
import { foundOf } from './reading.ts';
import type { Statements } from './statements.ts';

/** SQLite answers synchronously, so that everybody waits for a batch: it is a small one, whatever is asked for. */
const MOST = 50;

/** One batch, within a transaction: first what is over by itself, then records, then what never is and was revoked. */
export function prune(statements: Statements, batch: PruneBatch): Pruned {
  const { sessionsBefore, epochsBefore, after } = batch;
  const limit = Math.min(batch.limit, MOST);
  const done = { sessions: 0, epochs: 0 };
  done.sessions = statements.pruneSessions(sessionsBefore, limit);
  done.epochs = statements.pruneEpochs(epochsBefore, limit - done.sessions);
  const left = limit - done.sessions - done.epochs;
  if (left === 0) return { ...done, more: true, after };

  const found = endless(statements, after, left);
  for (const each of found) {
    if (batch.revoked(each)) done.sessions += statements.remove(each.session.id);
  }
  const last = found.length === left ? found.at(-1) : undefined;
  return { ...done, more: last !== undefined, after: last?.session.id ?? null };
}

/** Sessions that never expire, each with the records of its own realm: a store may serve several. */
function endless({ endless, epoch }: Statements, after: string | null, limit: number): readonly FoundSession[] {
  const rows = endless(NO_REALM, after ?? '', limit);
  return rows.map((row) => {
    const found = foundOf(row);
    const realm = epoch(realmTag(found.session.realm));
    return { ...found, epochs: { ...found.epochs, realm: realm === undefined ? null : epochOf(realm).record } };
  });
}

const NO_REALM = null;
