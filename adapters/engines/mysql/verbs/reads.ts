import type { FoundSession, ListPage, SessionRef, Tag } from '../../../../src/adapter.ts';
import { matching, youngestFirst } from '../../sql/found.ts';
import type { MysqlRow } from '../clients/client.ts';
import type { Ask } from '../connection.ts';
import type { Context } from '../context.ts';
import { foundIn, idOf, realmOf, stampKey } from '../rows.ts';
import { requireState } from '../server.ts';
import { filledUp, key, limitOf, orNull } from '../values.ts';

/**
 * Wraps `ask` in a check of the connection. Each result has a row with the state of its own connection. A separate
 * statement could run on another connection.
 * @throws `SESSION_STORE_UNSAFE` if the connection is not reliable.
 */
export const reliable =
  (ask: Ask): Ask =>
  async (sql, parameters) => {
    const rows = await ask(sql, parameters);
    const [first] = rows;
    if (first === undefined) throw new Error('the server answered a look-up without a row; there is always one');
    requireState(first.at(-1));
    return rows;
  };

const present = (rows: readonly MysqlRow[]): readonly MysqlRow[] => rows.filter(([id]) => id !== null);

/** Maximum number of sessions that one statement looks up. */
const MAX_FOUND = 128;

/** Looks up sessions, with the records that judge them. A check takes one round trip, and reads one snapshot. */
export async function find(
  { askReliable, statements, epochs }: Context,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<readonly (FoundSession | null)[]> {
  const [only] = refs;
  if (only === undefined) return [];
  if (refs.length === 1) {
    const [row] = present(await askReliable(statements.find(1), [key(realm), key(only.id)]));
    return [row === undefined ? null : matching(foundIn(epochs, row, realmOf(epochs, row, realm)), only)];
  }

  const found = new Map<string, FoundSession>();
  for (let at = 0; at < refs.length; at += MAX_FOUND) {
    const ids = filledUp(refs.slice(at, at + MAX_FOUND).map(({ id }) => key(id)));
    const rows = present(await askReliable(statements.find(ids.length), [key(realm), ...ids]));
    const record = realmOf(epochs, rows[0], realm);
    for (const row of rows) found.set(idOf(row), foundIn(epochs, row, record));
  }
  return refs.map((ref) => {
    const one = found.get(ref.id);
    return one === undefined ? null : matching(one, ref);
  });
}

export async function list(
  { askReliable, statements, epochs }: Context,
  realm: Tag,
  user: Tag,
  { account, born, ended, now, after, limit }: ListPage,
): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
  const users = filledUp((born?.user ?? []).map(stampKey));
  const members = filledUp((born === undefined || account !== null ? (born?.member ?? []) : [null]).map(stampKey));
  const sql = statements.list({
    ...{ account: account !== undefined, users: users.length, members: members.length },
    ...{ indexed: !ended && users.length > 0 && members.length > 0, after: after !== undefined, living: !ended },
  });
  const answer = await askReliable(sql, [
    ...[key(realm), key(user), ...(account === undefined ? [] : [orNull(account, key)]), ...users, ...members],
    ...(after === undefined ? [] : [after.createdAt, after.createdAt, key(after.id)]),
    ...(ended ? [] : [now]),
    limitOf(limit + 1),
  ]);
  const rows = present(answer);
  const record = realmOf(epochs, rows[0], realm);
  const found = rows.map((row) => foundIn(epochs, row, record));
  found.sort(youngestFirst);
  return { found: found.slice(0, limit), more: found.length > limit };
}
