import { kindOf, refuseUnknownKeys } from '../lib/input.ts';
import { isPlainObject } from '../lib/json.ts';
import type { Coverage } from './epoch.ts';
import { identify } from './identity.ts';
import type { KindSelection, Kinds } from './kind.ts';
import { accountTag, realmTag, type Tag } from './token.ts';

/** A scope by its names, as events and revocations report it. */
export interface NamedScope {
  /** The sort of scope. */
  readonly scope: ScopeName;
  /** The user; `null` for an account or the realm. */
  readonly user: string | null;
  /** The account; `null` for a user in all accounts, or the realm. */
  readonly account: string | null;
}

/**
 * Names the scope of a revocation: a user, a member (a user within an account), an account, or the realm.
 * {@link Sessions.revoke} takes it.
 */
export type Scope =
  | { readonly user: string; readonly account?: string }
  | { readonly account: string }
  | { readonly realm: true };

/** The tag of the scope's record and, for a member, the tag of the account. */
export interface ScopeTarget extends NamedScope {
  readonly tag: Tag;
  readonly member: Tag | null;
}

export function parseScope(realmName: string, scope: unknown): ScopeTarget {
  if (!isPlainObject(scope))
    throw new TypeError(
      `scope must be { user }, { user, account }, { account } or { realm: true }, not ${kindOf(scope)}`,
    );
  refuseUnknownKeys('scope', scope, ['user', 'account', 'realm']);
  // A scope member that is `undefined` would silently widen the revocation, so it is an error.
  const missing = Object.keys(scope).find((key) => scope[key] === undefined || scope[key] === null);
  if (missing !== undefined)
    throw new TypeError(`the ${missing} of the scope is ${scope[missing]}; leave it out to cover more`);
  const { user, account, realm } = scope;
  if (realm !== undefined) {
    if (realm !== true || user !== undefined || account !== undefined) {
      throw new TypeError('the scope of a realm is { realm: true } and nothing else');
    }
    return { scope: 'realm', user: null, account: null, tag: realmTag(realmName), member: null };
  }
  if (user === undefined) {
    const name = identify(realmName, 'nobody', account).account;
    if (name === null) throw new TypeError('scope must name a user, an account, or the realm');
    return { scope: 'account', user: null, account: name, tag: accountTag(realmName, name), member: null };
  }
  const identity = identify(realmName, user, account);
  const name: ScopeName = identity.account === null ? 'user' : 'member';
  return {
    scope: name,
    user: identity.user,
    account: identity.account,
    tag: identity.tags.user,
    member: identity.tags.account,
  };
}

export function coverage(all: Kinds, scope: ScopeName, kinds: KindSelection): Coverage {
  if (kinds === 'all' || (kinds === null && (scope === 'realm' || scope === 'account'))) return { except: [] };
  if (kinds === null) {
    return {
      except: [...all].filter(([, { survives }]) => survives.includes(scope as 'user')).map(([kind]) => kind),
    };
  }
  return { only: kinds };
}

/** The name of a scope. */
export type ScopeName = 'realm' | 'account' | 'user' | 'member';
