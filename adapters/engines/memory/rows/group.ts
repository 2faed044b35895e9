import type { SessionRecord, Stamps } from '../../../../src/adapter.ts';
import type { Pool } from '../own-copy.ts';
import type { Scope } from './epoch-entries.ts';

/** The properties that most sessions of a user share. Immutable. */
export interface Group {
  readonly realm: string;
  readonly user: string;
  readonly account: string | null;
  readonly userScope: Scope;
  readonly accountScope: Scope | null;
  readonly memberScope: Scope | null;
  readonly kind: string;
  readonly stamps: Stamps;
  readonly amr: readonly string[];
  readonly idle: number | null;
}

/** Returns a new group for a session. `session` must be the store's own copy. */
export function groupOf(
  session: SessionRecord,
  scopes: Pick<Group, 'userScope' | 'accountScope' | 'memberScope'>,
  pool: Pool,
): Group {
  const { realm, user, account, kind, stamps, amr, idle } = session;
  // A stamp usually equals that of many other sessions, or the one in the record. Sharing it saves memory.
  const inRecord = (scope: Scope | null, stamp: string): string =>
    scope?.record?.base === stamp ? scope.record.base : stamp;
  const shared = Object.freeze({
    realm: pool.shared(stamps.realm),
    user: inRecord(scopes.userScope, stamps.user),
    account: pool.shared(stamps.account),
    member: stamps.member === null ? null : inRecord(scopes.memberScope, stamps.member),
  });
  return { realm, user, account, ...scopes, kind, stamps: shared, amr: pool.shared(amr), idle };
}

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
