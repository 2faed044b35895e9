import type { AuditPage, AuditRecord, Tag } from '../../../src/adapter.ts';
import type { AuditEntry } from '../../../src/index.ts';
import { entryOf, placeOf, rowOfRecord } from '../sql/audit-rows.ts';
import { type Row, toColumn } from '../sql/values.ts';
import type { AuditStatements, FoundBy } from './audit-statements.ts';
import type { SqliteValue } from './client.ts';

/** Start position of a page: sorts before every entry. */
const TOP = { at: Number.MAX_SAFE_INTEGER, id: '' };

/** Writes entries in the same transaction as the change that they describe. */
export function writeAudit({ insertEntry }: AuditStatements, records: readonly AuditRecord[]): void {
  for (const record of records) insertEntry(...rowOfRecord(record));
}

/** Reads a page, within a transaction. Every query is found by one index and read in its order. */
export function readAudit(
  statements: AuditStatements,
  page: AuditPage,
): { readonly entries: readonly AuditEntry[]; readonly more: boolean } {
  const rows = wanted(page).flatMap(([by, ...values]) => readBy(statements, by, values, page));
  // With several types, each type is read separately, and the youngest entries of all make the page.
  if (page.types !== undefined && page.types.length > 1) rows.sort(youngestFirst);
  return { entries: rows.slice(0, page.limit).map(entryOf), more: rows.length > page.limit };
}

/** Chooses the index that probably matches the fewest entries. */
function wanted({ realm, user, account, by, types }: AuditPage): readonly (readonly [FoundBy, ...string[]])[] {
  if (user !== undefined) return [['user', user]];
  if (by !== undefined) return [['actor', by]];
  if (types === undefined) return [account === undefined ? ['realm', realm] : ['account', account]];
  const columns = [...new Set(types)].map(toColumn);
  return columns.map((type) => (account === undefined ? ['type', type] : ['typeInAccount', account, type]));
}

function readBy(
  { entries }: AuditStatements,
  found: FoundBy,
  values: readonly string[],
  page: AuditPage,
): readonly Row[] {
  const { realm, user, by, account, types, since = Number.MIN_SAFE_INTEGER, until, limit } = page;
  const after = page.after ?? TOP;
  // `until` is exclusive: with an empty id, only entries earlier than `until` follow.
  const top = until !== undefined && until <= after.at ? { at: until, id: '' } : after;
  const twice = (value: SqliteValue | undefined): SqliteValue[] => [value ?? null, value ?? null];
  return entries[found](
    ...[...values, top.at, top.id, since, realm],
    ...[...twice(user), ...twice(by), ...twice(account), ...twice(types && JSON.stringify(types.map(toColumn)))],
    // Reads one more than the limit, to learn whether entries follow.
    limit + 1,
  );
}

function youngestFirst(one: Row, other: Row): number {
  const [a, b] = [placeOf(one), placeOf(other)];
  return b.at - a.at || (a.id < b.id ? 1 : -1);
}

/** Anonymizes one batch: first entries about the user, then entries about what the user did to others. */
export function forgetUser({ forgetUser, forgetActor }: AuditStatements, user: Tag, limit: number): number {
  const about = forgetUser(user, limit);
  return about + forgetActor(user, limit - about);
}
