import type { RealmsFound, Tag, UsersOf } from '../../../../src/adapter.ts';
import { type MembershipPage, membershipPage } from '../../sql/membership-page.ts';
import { fromColumn } from '../../sql/values.ts';
import type { Context } from '../context.ts';
import { parameter } from '../values.ts';

/**
 * Lists users by the hash of their tag. The cursor is the last hash that was visited. Users of other realms are visited
 * and skipped.
 */
export async function listUsers(
  { ask, statements }: Context,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
  const values = [realm, after, parameter(limit)] as const;
  const rows = await (account === null
    ? ask(statements.users, ...values)
    : ask(statements.members, ...values, account));
  const hashes = new Set(rows.map(([hash]) => String(hash)));
  const users = rows.flatMap(([, tag]) => (tag === null ? [] : [tag as Tag]));
  return { users, after: hashes.size < limit ? null : ([...hashes].at(-1) ?? null) };
}

export async function memberships(
  { ask, statements }: Context,
  user: Tag,
  after: string | null,
  limit: number,
): Promise<ReturnType<MembershipPage['answer']>> {
  const page = membershipPage(user, after, limit);
  const rows = await ask(statements.tagsBetween, page.from, page.until, parameter(page.limit));
  return page.answer(rows.map(([tag]) => tag as Tag));
}

export async function listRealms({ ask, statements }: Context, limit: number): Promise<RealmsFound> {
  const rows = await ask(statements.realms, parameter(limit + 1));
  const looked = rows.reduce((sum, [, users]) => sum + Number(users), 0);
  return { realms: rows.map(([realm]) => fromColumn(String(realm))), complete: looked <= limit };
}
