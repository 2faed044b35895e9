import type { Tag, UsersOf } from '../../../src/index.ts';
import type { Contents } from './contents.ts';
import { NONE } from './rows.ts';
import type { Scope } from './scopes.ts';
import { youngestFirst } from './timeline.ts';

/** The most scopes and sessions that a page passes by, but for the sessions of the last user that it looks at. */
const MOST_PASSED = 10_000;

/**
 * A page of users: walks down the row of the scopes, as a pruning does. A scope stays while it has sessions and only ever
 * moves downwards, so that nobody is missed who has sessions all the while.
 */
export function usersOf(
  contents: Contents,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): { readonly users: readonly Tag[]; readonly after: string | null } {
  const { scopes, rows } = contents;
  const users: Tag[] = [];
  const within = account === null ? null : scopes.get(account);
  if (within === undefined) return { users, after: null };

  let passing = MOST_PASSED;
  const hasSessions = ({ root }: Scope): boolean => {
    if (root === NONE || rows.groupOf(root).realm !== realm) return false;
    if (within === null) return true;
    for (const slot of youngestFirst(rows, root)) {
      passing--;
      if (rows.groupOf(slot).accountScope === within) return true;
    }
    return false;
  };
  for (let below = after === null ? scopes.length : parseCursor(after); below > 0; ) {
    if (passing-- <= 0 || users.length === limit) return { users, after: `${below}` };
    const scope = scopes.at(--below);
    if (scope !== undefined && hasSessions(scope)) users.push(scope.tag);
  }
  return { users, after: null };
}

function parseCursor(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Error('after must be what the last page gave');
}
