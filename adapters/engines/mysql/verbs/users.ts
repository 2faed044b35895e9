import type { RealmsFound, Tag, UsersOf } from '../../../../src/adapter.ts';
import { type MembershipPage, membershipPage } from '../../sql/membership-page.ts';
import type { Context } from '../context.ts';
import { key, limitOf, textOf } from '../values.ts';

const MAX_PASSED = 500;

/** Lists users by tag. The cursor is the last tag that was visited. Users of other realms are visited and skipped. */
export async function listUsers(
  { ask, statements }: Context,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
  const maxUsers = Math.min(limit, MAX_PASSED);
  const from = key(after ?? '');
  const rows =
    account === null
      ? await ask(statements.users, [from, limitOf(maxUsers)])
      : await ask(statements.members, [key(account), from, limitOf(maxUsers)]);
  const looked = rows.map(([tag, born]) => ({ tag: textOf(tag), born: textOf(born) }));
  const users = looked.filter(({ born }) => (JSON.parse(born) as { readonly realm: string }).realm === realm);
  const last = looked.length === maxUsers ? looked.at(-1) : undefined;
  return { users: users.map(({ tag }) => tag), after: last?.tag ?? null };
}

export async function memberships(
  { ask, statements }: Context,
  user: Tag,
  after: string | null,
  limit: number,
): Promise<ReturnType<MembershipPage['answer']>> {
  const page = membershipPage(user, after, Math.min(limit, MAX_PASSED));
  const rows = await ask(statements.tagsBetween, [key(page.from), key(page.until), limitOf(page.limit)]);
  return page.answer(rows.map(([tag]) => textOf(tag)));
}

/** Finds the realms of the first users. Tags are hashes, so the first users are a random choice. */
export async function listRealms({ ask, statements }: Context, limit: number): Promise<RealmsFound> {
  const rows = await ask(statements.users, [key(''), limitOf(Math.min(limit, MAX_PASSED) + 1)]);
  const realms = rows.slice(0, limit).map(([, born]) => (JSON.parse(textOf(born)) as { readonly realm: string }).realm);
  return { realms: [...new Set(realms)], complete: rows.length <= Math.min(limit, MAX_PASSED) };
}
