import { type FoundSession, type PruneBatch, type Pruned, type RecordCache, realmTag } from '../../../src/adapter.ts';
import type { MysqlClient, MysqlConnection } from './clients/client.ts';
import { transact } from './connection.ts';
import { foundOf } from './rows.ts';
import type { Statements } from './statements.ts';
import { filledUp, key, limitOf, textOf } from './values.ts';

/** Maximum number of rows that one transaction removes, to limit its locks and its undo log on the server. */
const MAX_REMOVED = 2_000;

/** Maximum number of rows that one statement removes. */
const AT_ONCE = 512;

/**
 * Prunes one batch: first sessions that are over by themselves, then records, then revoked sessions that never expire.
 * Skips rows that another pruning has locked.
 */
export async function prune(
  client: MysqlClient<never>,
  sql: Statements,
  records: RecordCache,
  { sessionsBefore, epochsBefore, after, revoked, ...batch }: PruneBatch,
): Promise<Pruned> {
  const limit = Math.min(batch.limit, MAX_REMOVED);
  const sessions = await removeDue(client, sql.dueSessions, sql.removeSessions, sessionsBefore, limit);
  const epochs =
    sessions === limit ? 0 : await removeDue(client, sql.dueEpochs, sql.removeEpochs, epochsBefore, limit - sessions);
  const left = limit - sessions - epochs;
  if (left === 0) return { sessions, epochs, more: true, after };

  const found = await readEndless(client, sql, records, after, left);
  const over = found.filter((each) => revoked(each)).map(({ session }) => key(session.id));
  const removed = over.length === 0 ? 0 : await transact(client, (one) => removeAll(one, sql.removeSessions, over));
  const last = found.length === left ? found.at(-1) : undefined;
  return { sessions: sessions + removed, epochs, more: last !== undefined, after: last?.session.id ?? null };
}

function removeDue(
  client: MysqlClient<never>,
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
  return transact(client, step, { readCommitted: true });
}

/** Removes rows by key, in the order of the keys, and returns their number. */
export async function removeAll(
  connection: MysqlConnection,
  remove: (count: number) => string,
  keys: readonly (Buffer | number | string)[],
): Promise<number> {
  let removed = 0;
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = filledUp(keys.slice(at, at + AT_ONCE));
    removed += await connection.write(remove(some.length), some);
  }
  return removed;
}

/** Reads sessions that never expire, each with the record of its own realm: a store may serve several realms. */
async function readEndless(
  reader: Pick<MysqlClient, 'rows'>,
  sql: Statements,
  records: RecordCache,
  after: string | null,
  limit: number,
): Promise<readonly FoundSession[]> {
  const rows = await reader.rows(sql.endless, [key(NO_REALM), key(after ?? ''), limitOf(limit)]);
  const found = rows.map((row) => foundOf(records, row));
  const tags = [...new Set(found.map(({ session }) => realmTag(session.realm)))].map(key);
  if (tags.length === 0) return [];
  // Must come after the sessions: a record that is created between the two reads must not look lost.
  const realms = await reader.rows(sql.records(filledUp(tags).length), filledUp(tags));
  const byTag = new Map(realms.map(([tag, record]) => [textOf(tag), records.epoch(textOf(record))]));
  return found.map(({ session, epochs }) => {
    return { session, epochs: { ...epochs, realm: byTag.get(realmTag(session.realm)) ?? null } };
  });
}

const NO_REALM = '';
