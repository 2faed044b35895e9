import type { Tag, UsersOf } from '../../../src/index.ts';
import type { Statements } from './statements.ts';

/** SQLite answers synchronously, so that everybody waits for a page: it is a small one, whatever is asked for. */
const MOST_LOOKED_AT = 500;

/**
 * A page of users: goes from tag to tag through an index, whatever the number of sessions of each. The cursor is the last
 * tag that was looked at; those of other realms are looked at, and left out.
 */
export function usersOf(
  { nextUser, nextMember }: Statements,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): { readonly users: readonly Tag[]; readonly after: string | null } {
  const users: Tag[] = [];
  let tag = after ?? '';
  for (let looked = 0; looked < Math.min(limit, MOST_LOOKED_AT); looked++) {
    const row = account === null ? nextUser(tag) : nextMember(account, tag);
    if (row === undefined) return { users, after: null };
    tag = row[0] as Tag;
    if (row[1] === realm) users.push(tag);
  }
  return { users, after: tag };
}
