import type { RealmsFound, Tag, UsersOf } from '../../../../src/adapter.ts';
import { type MembershipPage, membershipPage } from '../../sql/membership-page.ts';
import type { MysqlConnection } from '../clients/client.ts';
import type { Statements } from '../statements/index.ts';
import { key, limitOf, textOf } from '../values.ts';

type Reader = Pick<MysqlConnection, 'rows'>;

const MAX_USERS = 500;

/** The cursor is the last tag that was visited. Users of other realms are visited and skipped. */
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

export async function memberships(
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

/** Tags are hashes, so the first users are a random choice. */
export async function listRealms(reader: Reader, { users }: Statements, limit: number): Promise<RealmsFound> {
  const rows = await reader.rows(users, [key(''), limitOf(Math.min(limit, MAX_USERS) + 1)]);
  const realms = rows.slice(0, limit).map(([, born]) => (JSON.parse(textOf(born)) as { readonly realm: string }).realm);
  return { realms: [...new Set(realms)], complete: rows.length <= Math.min(limit, MAX_USERS) };
}
