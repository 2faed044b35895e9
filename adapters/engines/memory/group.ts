import type { SessionRecord, Stamps } from '../../../src/index.ts';
import type { Pool } from './pool.ts';
import type { Scope } from './scopes.ts';

/** What most sessions of a user have in common, kept once for them. Immutable. */
export interface Group {
  readonly realm: string;
  readonly user: string;
  readonly account: string | null;
  readonly userScope: Scope;
  readonly accountScope: Scope | null;
  readonly kind: string;
  readonly stamps: Stamps;
  readonly amr: readonly string[];
  readonly idle: number | null;
}

/** A new group for a session, which must be the store's own copy. */
export function groupOf(session: SessionRecord, userScope: Scope, accountScope: Scope | null, pool: Pool): Group {
  const { realm, user, account, kind, stamps, amr, idle } = session;
  // A stamp is as a rule that of many other sessions, or stands in the user's record.
  const base = userScope.record?.base;
  const shared = Object.freeze({
    realm: pool.shared(stamps.realm),
    user: stamps.user === base ? base : stamps.user,
    account: pool.shared(stamps.account),
    member: stamps.member,
  });
  return { realm, user, account, userScope, accountScope, kind, stamps: shared, amr: pool.shared(amr), idle };
}

/** Whether a session of the same user belongs to a group. */
export function belongsTo(group: Group, session: SessionRecord): boolean {
  const { realm, user, account, accountTag, kind, stamps, amr, idle } = session;
  return (
    group.realm === realm &&
    group.user === user &&
    group.account === account &&
    (group.accountScope?.tag ?? null) === accountTag &&
    group.kind === kind &&
    group.stamps.realm === stamps.realm &&
    group.stamps.user === stamps.user &&
    group.stamps.account === stamps.account &&
    group.stamps.member === stamps.member &&
    group.idle === idle &&
    group.amr.length === amr.length &&
    group.amr.every((method, at) => method === amr[at])
  );
}
