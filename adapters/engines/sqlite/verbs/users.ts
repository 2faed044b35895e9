import type { RealmsFound, Tag, UsersOf } from '../../../../src/adapter.ts';
import { type MembershipPage, membershipPage } from '../../sql/membership-page.ts';
import { fromColumn } from '../../sql/values.ts';
import type { Context } from '../context.ts';

/**
 * Maximum number of users that one page visits. SQLite answers synchronously, so a larger page would block the process.
 */
const MAX_PASSED = 500;

/**
 * Lists users by tag. Goes from tag to tag through an index, so the time does not depend on the number of sessions. The
 * cursor is the last tag that was visited. Users of other realms are visited and skipped.
 */
export function listUsers(
  { statements: { nextUser, nextMember } }: Context,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): { readonly users: readonly Tag[]; readonly after: string | null } {
  const users: Tag[] = [];
  let tag = after ?? '';
  for (let looked = 0; looked < Math.min(limit, MAX_PASSED); looked++) {
    const row = account === null ? nextUser(tag) : nextMember(account, tag);
    if (row === undefined) return { users, after: null };
    tag = row[0] as Tag;
    if (row[1] === realm) users.push(tag);
  }
  return { users, after: tag };
}

export function memberships(
  { statements }: Context,
  user: Tag,
  after: string | null,
  limit: number,
): ReturnType<MembershipPage['answer']> {
  const page = membershipPage(user, after, Math.min(limit, MAX_PASSED));
  return page.answer(statements.tagsBetween(page.from, page.until, page.limit).map(([tag]) => tag as Tag));
}

/** Finds the realms of the first users. Tags are hashes, so the first users are a random choice. */
export function listRealms({ statements: { nextUser } }: Context, limit: number): RealmsFound {
  const realms = new Set<string>();
  let tag = '';
  for (let looked = 0; looked < Math.min(limit, MAX_PASSED); looked++) {
    const row = nextUser(tag);
    if (row === undefined) return { realms: [...realms], complete: true };
    tag = row[0] as Tag;
    realms.add(fromColumn(row[1] as string));
  }
  return { realms: [...realms], complete: nextUser(tag) === undefined };
}
