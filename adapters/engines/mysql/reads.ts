import type { FoundSession, ListPage, SessionRef, Tag, UsersOf } from '../../../src/index.ts';
import type { MysqlConnection, MysqlRow } from './client.ts';
import { filledUp, key, limitOf } from './parameters.ts';
import { requireState } from './server.ts';
import { foundOf, idOf, realmOf, STATE_AT } from './session-row.ts';
import type { Statements } from './statements.ts';
import { textOf } from './values.ts';

/** Whatever reads by one statement. */
type Reader = Pick<MysqlConnection, 'rows'>;

/**
 * Reads sessions (`find`, `list`) over connections that may be relied on: each answer has a row at least, which tells how
 * the connection stands that it came over. Asked by itself, that would be told of another connection of the pool.
 * @throws `SessionError` `SESSION_STORE_UNSAFE` over others.
 */
export const reliable = (reader: Reader): Reader => ({
  async rows(sql, parameters) {
    const rows = await reader.rows(sql, parameters);
    const [first] = rows;
    if (first === undefined) throw new Error('the server answered a look-up without a row; there is always one');
    requireState(first[STATE_AT]);
    return rows;
  },
});

/** Rows that have a session: where there is none, a row of NULLs stands for it. */
const present = (rows: readonly MysqlRow[]): readonly MysqlRow[] => rows.filter(([id]) => id !== null);

/** Sessions that one statement looks up at the most. */
const MOST_FOUND = 128;

/** Sessions in the order asked, each with its records, of one moment; a check is one round trip. */
export async function findSessions(
  reader: Reader,
  statements: Statements,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<readonly (FoundSession | null)[]> {
  const [only] = refs;
  if (only === undefined) return [];
  if (refs.length === 1) {
    const [row] = present(await reader.rows(statements.find(1), [key(realm), key(only.id)]));
    return [row === undefined ? null : matching(foundOf(row), only)];
  }

  const found = new Map<string, FoundSession>();
  for (let at = 0; at < refs.length; at += MOST_FOUND) {
    const ids = filledUp(refs.slice(at, at + MOST_FOUND).map(({ id }) => key(id)));
    const rows = present(await reader.rows(statements.find(ids.length), [key(realm), ...ids]));
    const record = rows[0] === undefined ? null : realmOf(rows[0]);
    for (const row of rows) {
      const id = idOf(row);
      found.set(id, foundOf(row, id, record));
    }
  }
  return refs.map((ref) => {
    const one = found.get(ref.id);
    return one === undefined ? null : matching(one, ref);
  });
}

/** A session, if its tags are those that were asked for. */
export function matching(found: FoundSession, { user, account }: SessionRef): FoundSession | null {
  const { userTag, accountTag } = found.session;
  return userTag === user && (account === undefined || account === accountTag) ? found : null;
}

/** A page of a user's sessions. */
export async function listSessions(
  reader: Reader,
  statements: Statements,
  realm: Tag,
  user: Tag,
  { account, over, now, after, limit }: ListPage,
): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
  const sql = statements.list({ account: account !== undefined, after: after !== undefined, living: !over });
  const answer = await reader.rows(sql, [
    ...[key(realm), key(user), ...(account === undefined ? [] : [key(account)])],
    ...(after === undefined ? [] : [after.createdAt, after.createdAt, key(after.id)]),
    ...(over ? [] : [now]),
    // One more than wanted, to know whether rows follow.
    limitOf(limit + 1),
  ]);
  const rows = present(answer);
  return { found: rows.slice(0, limit).map((row) => foundOf(row)), more: rows.length > limit };
}

/** What a page holds at the most, whatever is asked for. */
const MOST_USERS = 500;

/** A page of users. The cursor is the last tag that was looked at; those of other realms are looked at, and left out. */
export async function listUsers(
  reader: Reader,
  statements: Statements,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
  const most = Math.min(limit, MOST_USERS);
  const from = key(after ?? '');
  const rows =
    account === null
      ? await reader.rows(statements.users, [from, limitOf(most)])
      : await reader.rows(statements.members, [key(account), from, limitOf(most)]);
  const looked = rows.map(([tag, born]) => ({ tag: textOf(tag), born: textOf(born) }));
  const users = looked.filter(({ born }) => (JSON.parse(born) as { readonly realm: string }).realm === realm);
  const last = looked.length === most ? looked.at(-1) : undefined;
  return { users: users.map(({ tag }) => tag), after: last?.tag ?? null };
}
