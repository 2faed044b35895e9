import type {
  FoundSession,
  ListPage,
  RealmsFound,
  RecordCache,
  SessionRef,
  Tag,
  UsersOf,
} from '../../../../src/adapter.ts';
import { type MembershipPage, membershipPage } from '../../sql/membership-page.ts';
import type { MysqlConnection, MysqlRow } from '../clients/client.ts';
import { foundOf, idOf, realmOf, STATE_AT, stampKey } from '../rows.ts';
import { requireState } from '../server.ts';
import type { Statements } from '../statements.ts';
import { filledUp, key, limitOf, orNull, textOf } from '../values.ts';

type Reader = Pick<MysqlConnection, 'rows'>;

/**
 * Reads sessions (`find`, `list`) and checks that the connection is reliable. Each result has at least one row, which
 * holds the state of its own connection. A separate statement could run on another connection of the pool.
 * @throws `SessionError` `SESSION_STORE_UNSAFE` if the connection is not reliable.
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

/** Returns the rows with a session. A row of NULLs means that there is none. */
const present = (rows: readonly MysqlRow[]): readonly MysqlRow[] => rows.filter(([id]) => id !== null);

/** Maximum number of sessions that one statement looks up. */
const MAX_FOUND = 128;

/** Finds sessions in the requested order, each with its records, from one snapshot. A check is one round trip. */
export async function findSessions(
  reader: Reader,
  statements: Statements,
  records: RecordCache,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<readonly (FoundSession | null)[]> {
  const [only] = refs;
  if (only === undefined) return [];
  if (refs.length === 1) {
    const [row] = present(await reader.rows(statements.find(1), [key(realm), key(only.id)]));
    return [row === undefined ? null : matching(foundOf(records, row), only)];
  }

  const found = new Map<string, FoundSession>();
  for (let at = 0; at < refs.length; at += MAX_FOUND) {
    const ids = filledUp(refs.slice(at, at + MAX_FOUND).map(({ id }) => key(id)));
    const rows = present(await reader.rows(statements.find(ids.length), [key(realm), ...ids]));
    const record = rows[0] === undefined ? null : realmOf(records, rows[0]);
    for (const row of rows) {
      const id = idOf(row);
      found.set(id, foundOf(records, row, id, record));
    }
  }
  return refs.map((ref) => {
    const one = found.get(ref.id);
    return one === undefined ? null : matching(one, ref);
  });
}

export function matching(found: FoundSession, { user, account }: SessionRef): FoundSession | null {
  const { userTag, accountTag } = found.session;
  return userTag === user && (account === undefined || account === accountTag) ? found : null;
}

export async function listSessions(
  reader: Reader,
  statements: Statements,
  records: RecordCache,
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
  const answer = await reader.rows(sql, [
    ...[key(realm), key(user), ...(account === undefined ? [] : [orNull(account, key)]), ...users, ...members],
    ...(after === undefined ? [] : [after.createdAt, after.createdAt, key(after.id)]),
    ...(ended ? [] : [now]),
    // Reads one row more than the limit, to learn whether rows follow.
    limitOf(limit + 1),
  ]);
  const found = present(answer).map((row) => foundOf(records, row));
  found.sort(youngestFirst);
  return { found: found.slice(0, limit), more: found.length > limit };
}

/**
 * The order of the index. Of two sessions with the same time, the one with the greater id in byte order comes first.
 */
const youngestFirst = ({ session: a }: FoundSession, { session: b }: FoundSession): number =>
  b.createdAt - a.createdAt || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id));

/** Maximum size of a page of users. */
const MAX_USERS = 500;

/**
 * Returns a page of users. The cursor is the last tag that was visited. Users of other realms are visited and skipped.
 */
export async function listUsers(
  reader: Reader,
  statements: Statements,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
  const maxUsers = Math.min(limit, MAX_USERS);
  const from = key(after ?? '');
  const rows =
    account === null
      ? await reader.rows(statements.users, [from, limitOf(maxUsers)])
      : await reader.rows(statements.members, [key(account), from, limitOf(maxUsers)]);
  const looked = rows.map(([tag, born]) => ({ tag: textOf(tag), born: textOf(born) }));
  const users = looked.filter(({ born }) => (JSON.parse(born) as { readonly realm: string }).realm === realm);
  const last = looked.length === maxUsers ? looked.at(-1) : undefined;
  return { users: users.map(({ tag }) => tag), after: last?.tag ?? null };
}

export async function listMemberships(
  reader: Reader,
  { tagsBetween }: Statements,
  user: Tag,
  after: string | null,
  limit: number,
): Promise<ReturnType<MembershipPage['answer']>> {
  const page = membershipPage(user, after, Math.min(limit, MAX_USERS));
  const rows = await reader.rows(tagsBetween, [key(page.from), key(page.until), limitOf(page.limit)]);
  return page.answer(rows.map(([tag]) => textOf(tag)));
}

/** Returns the realms of the first users in the order of their tags, which are hashes. */
export async function listRealms(reader: Reader, { users }: Statements, limit: number): Promise<RealmsFound> {
  // Reads one row more than the limit, to learn whether users follow.
  const rows = await reader.rows(users, [key(''), limitOf(Math.min(limit, MAX_USERS) + 1)]);
  const realms = rows.slice(0, limit).map(([, born]) => (JSON.parse(textOf(born)) as { readonly realm: string }).realm);
  return { realms: [...new Set(realms)], complete: rows.length <= Math.min(limit, MAX_USERS) };
}
