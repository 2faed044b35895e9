import {
  type FoundSession,
  type PruneBatch,
  type Pruned,
  type RecordCache,
  realmTag,
  type Tag,
} from '../../../src/adapter.ts';
import type { Ask } from './prepared.ts';
import { allFoundIn } from './rows.ts';
import type { Statements } from './statements/index.ts';
import { parameter } from './values.ts';

/**
 * Prunes one batch: first sessions that are over by themselves, and records. If these do not fill the batch, it also
 * removes revoked sessions that never expire.
 */
export async function prune(
  ask: Ask,
  statements: Statements,
  records: RecordCache,
  batch: PruneBatch,
): Promise<Pruned> {
  const { sessionsBefore, epochsBefore, limit, after } = batch;
  const [row] = await ask(statements.prune, ...[sessionsBefore, epochsBefore, limit].map(parameter));
  const [lookedAt = 0, sessions = 0, epochs = 0] = (row ?? []).map(Number);
  const left = limit - lookedAt - epochs;
  if (left <= 0) return { sessions, epochs, more: true, after };

  const found = await endless(ask, statements, records, after, left);
  const gone = found.filter((each) => batch.revoked(each)).map(({ session }) => session);
  const last = found.length === left ? found.at(-1) : undefined;
  const done = { epochs, more: last !== undefined, after: last?.session.id ?? null };
  if (gone.length === 0) return { ...done, sessions };
  const ids = gone.map(({ id }) => id);
  const credentials = gone.map(({ credential }) => credential);
  const [removed] = await ask(statements.removeEndless, ids, credentials);
  return { ...done, sessions: sessions + Number(removed?.[0]) };
}

/** Reads sessions that never expire, each with the record of its own realm: a store may serve several realms. */
async function endless(
  ask: Ask,
  statements: Statements,
  records: RecordCache,
  after: string | null,
  limit: number,
): Promise<readonly FoundSession[]> {
  const rows = await ask(statements.endless, after ?? '', parameter(limit));
  const found = allFoundIn(records, rows);
  const tags = new Map<string, Tag>();
  for (const { session } of found) tags.set(session.realm, tags.get(session.realm) ?? realmTag(session.realm));
  if (tags.size === 0) return [];
  const realms = await ask(statements.readEpochs, [...tags.values()]);
  const byTag = new Map(realms.map(([tag, record]) => [tag, records.epoch(record as string)]));
  return found.map(({ session, epochs }) => {
    return { session, epochs: { ...epochs, realm: byTag.get(tags.get(session.realm)) ?? null } };
  });
}
