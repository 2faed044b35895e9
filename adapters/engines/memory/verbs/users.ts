import { memberTag, type RealmsFound, type Tag, type UsersOf } from '../../../../src/adapter.ts';
import type { Contents } from '../contents.ts';
import type { Scope } from '../rows/epoch-entries.ts';
import { NONE } from '../rows/slots.ts';
import { youngestOfBoth } from '../rows/timeline.ts';

/** A page visits at most this many scopes and sessions. The last user's sessions may exceed it. */
const MAX_PASSED = 10_000;

/**
 * Lists users by a walk down the array of all scopes. A scope stays while it has sessions, and only moves downwards. So
 * the walk misses no user who has sessions all the time.
 */
export function listUsers(
  contents: Contents,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): { readonly users: readonly Tag[]; readonly after: string | null } {
  const { scopes, rows } = contents;
  const users: Tag[] = [];
  const within = account === null ? null : scopes.get(account);
  if (within === undefined) return { users, after: null };

  let passing = MAX_PASSED;
  const hasSessions = ({ root, aside }: Scope): boolean => {
    const any = root === NONE ? aside : root;
    if (any === NONE || rows.groupOf(any).realm !== realm) return false;
    if (within === null) return true;
    for (const slot of youngestOfBoth(rows, [root, aside])) {
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

/** Lists a user's accounts by a walk down the array of all scopes, so users need no index of their own. */
export function memberships(
  { scopes }: Contents,
  user: Tag,
  after: string | null,
  limit: number,
): { readonly accounts: readonly Tag[]; readonly after: string | null } {
  const prefix = memberTag(user, '');
  const accounts: Tag[] = [];
  let passing = MAX_PASSED;
  for (let below = after === null ? scopes.length : parseCursor(after); below > 0; ) {
    if (passing-- === 0 || accounts.length === limit) return { accounts, after: `${below}` };
    const scope = scopes.at(--below);
    if (scope?.tag.startsWith(prefix) && scope.record !== null) accounts.push(scope.tag.slice(prefix.length));
  }
  return { accounts, after: null };
}

export function listRealms({ scopes, rows }: Contents, limit: number): RealmsFound {
  const realms = new Set<string>();
  let looked = 0;
  const least = Math.max(0, scopes.length - MAX_PASSED);
  for (let below = scopes.length; below > least; below--) {
    const { root = NONE, aside = NONE } = scopes.at(below - 1) ?? {};
    const any = root === NONE ? aside : root;
    if (any === NONE) continue;
    if (looked++ === limit) return { realms: [...realms], complete: false };
    realms.add(rows.groupOf(any).realm);
  }
  return { realms: [...realms], complete: least === 0 };
}

function parseCursor(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Error('after must be what the last page gave');
}
