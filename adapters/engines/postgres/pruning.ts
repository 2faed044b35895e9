import { type FoundSession, type PruneBatch, type Pruned, parseEpoch, realmTag, type Tag } from '../../../src/index.ts';
import type { Ask } from './prepared.ts';
import { allFoundIn } from './reading.ts';
import type { Statements } from './statements.ts';
import { parameter } from './values.ts';

/** One batch: first what is over by itself, and records; where that is not enough, what never is and was revoked. */
export async function prune(ask: Ask, statements: Statements, batch: PruneBatch): Promise<Pruned> {
  const { sessionsBefore, epochsBefore, limit, after } = batch;
  const [row] = await ask(statements.prune, ...[sessionsBefore, epochsBefore, limit].map(parameter));
  const [lookedAt = 0, sessions = 0, epochs = 0] = (row ?? []).map(Number);
  const left = limit - lookedAt - epochs;
  if (left <= 0) return { sessions, epochs, more: true, after };

  const found = await endless(ask, statements, after, left);
  const gone = found.filter((each) => batch.revoked(each)).map(({ session }) => session);
  const last = found.length === left ? found.at(-1) : undefined;
  const done = { epochs, more: last !== undefined, after: last?.session.id ?? null };
  if (gone.length === 0) return { ...done, sessions };
  const ids = gone.map(({ id }) => id);
  const hashes = gone.map(({ hash }) => hash);
  const [removed] = await ask(statements.removeEndless, ids, hashes);
  return { ...done, sessions: sessions + Number(removed?.[0]) };
}

/** Sessions that never expire, each with the records of its own realm: a store may serve several. */
async function endless(
  ask: Ask,
  statements: Statements,
  after: string | null,
  limit: number,
): Promise<readonly FoundSession[]> {
  const rows = await ask(statements.endless, after ?? '', parameter(limit));
  const found = allFoundIn(rows);
  const tags = new Map<string, Tag>();
  for (const { session } of found) tags.set(session.realm, tags.get(session.realm) ?? realmTag(session.realm));
  if (tags.size === 0) return [];
  const records = await ask(statements.readEpochs, [...tags.values()]);
  const byTag = new Map(records.map(([tag, record]) => [tag, parseEpoch(record as string)]));
  return found.map(({ session, epochs }) => {
    return { session, epochs: { ...epochs, realm: byTag.get(tags.get(session.realm)) ?? null } };
  });
}
