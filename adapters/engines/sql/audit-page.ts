import type { AuditPage } from '../../../src/adapter.ts';
import type { AuditEntry } from '../../../src/index.ts';
import { entryOf, placeOf } from './audit-rows.ts';
import { type Row, toColumn } from './values.ts';

/** The indexes of the log, each named after the columns that come before the time. */
export type AuditIndex = 'user' | 'actor' | 'account' | 'typeInAccount' | 'type' | 'realm';

/**
 * Returns the look-ups that give a page, each with an index and its values. Chooses the index that probably matches the
 * fewest entries. Several types are looked up separately.
 */
export function lookupsOf({
  realm,
  user,
  account,
  by,
  types,
}: AuditPage): readonly (readonly [AuditIndex, ...string[]])[] {
  if (user !== undefined) return [['user', user]];
  if (by !== undefined) return [['actor', by]];
  if (types === undefined) return [account === undefined ? ['realm', realm] : ['account', account]];
  return [...new Set(types)].map((type) =>
    account === undefined ? ['type', realm, toColumn(type)] : ['typeInAccount', account, toColumn(type)],
  );
}

export function startOf({ until, after = TOP }: AuditPage): { readonly at: number; readonly id: string } {
  // `until` is exclusive: with an empty id, only entries earlier than `until` follow.
  return until !== undefined && until <= after.at ? { at: until, id: '' } : after;
}

/** The place before the newest entry: it comes before every entry of the log. */
const TOP = { at: Number.MAX_SAFE_INTEGER, id: '' };

/**
 * Merges the rows of the look-ups into a page. Each look-up may have read one row more than the limit, to show that
 * entries follow.
 */
export function pageOf(
  lookups: readonly (readonly Row[])[],
  limit: number,
): { readonly entries: readonly AuditEntry[]; readonly more: boolean } {
  const rows = lookups.flat();
  if (lookups.length > 1) rows.sort(youngestFirst);
  return { entries: rows.slice(0, limit).map(entryOf), more: rows.length > limit };
}

function youngestFirst(one: Row, other: Row): number {
  const [a, b] = [placeOf(one), placeOf(other)];
  return b.at - a.at || (a.id < b.id ? 1 : -1);
}
