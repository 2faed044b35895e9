import { type FoundSession, type PruneBatch, type Pruned, parseEpoch, realmTag } from '../../../src/index.ts';
import type { MysqlClient, MysqlConnection } from './client.ts';
import { filledUp, key, limitOf } from './parameters.ts';
import { foundOf } from './session-row.ts';
import type { Statements } from './statements.ts';
import { transact } from './transaction.ts';
import { textOf } from './values.ts';

/** What one transaction removes at the most: its locks and its undo log are the server's to keep. */
const MOST = 2_000;

/** What one statement removes at the most. */
const AT_ONCE = 512;

/** One batch: first what is over by itself, then records, then what never is and was revoked. Pruners pass each other by. */
export async function pruneBatch(
  client: MysqlClient<never>,
  sql: Statements,
  { sessionsBefore, epochsBefore, after, revoked, ...batch }: PruneBatch,
): Promise<Pruned> {
  const limit = Math.min(batch.limit, MOST);
  const sessions = await removeDue(client, sql.dueSessions, sql.removeSessions, sessionsBefore, limit);
  const epochs =
    sessions === limit ? 0 : await removeDue(client, sql.dueEpochs, sql.removeEpochs, epochsBefore, limit - sessions);
  const left = limit - sessions - epochs;
  if (left === 0) return { sessions, epochs, more: true, after };

  const found = await readEndless(client, sql, after, left);
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

/** Removes by key, in the order of the keys, and tells how many there were. */
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

/** Sessions that never expire, each with the records of its own realm: a store may serve several. */
async function readEndless(
  reader: Pick<MysqlClient, 'rows'>,
  sql: Statements,
  after: string | null,
  limit: number,
): Promise<readonly FoundSession[]> {
  const rows = await reader.rows(sql.endless, [key(NO_REALM), key(after ?? ''), limitOf(limit)]);
  const found = rows.map((row) => foundOf(row));
  const tags = [...new Set(found.map(({ session }) => realmTag(session.realm)))].map(key);
  if (tags.length === 0) return [];
  // Read later, so that nothing is thought lost that was not made yet.
  const records = await reader.rows(sql.records(filledUp(tags).length), filledUp(tags));
  const byTag = new Map(records.map(([tag, record]) => [textOf(tag), parseEpoch(textOf(record))]));
  return found.map(({ session, epochs }) => {
    return { session, epochs: { ...epochs, realm: byTag.get(realmTag(session.realm)) ?? null } };
  });
}

const NO_REALM = '';
