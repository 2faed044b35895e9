import type { AuditEntry, AuditPage, AuditRecord, Tag } from '../../../src/index.ts';
import { entryOf, placeOf, rowOfRecord } from '../sql/audit-row.ts';
import type { Row } from '../sql/row.ts';
import { toColumn } from '../sql/text.ts';
import type { AuditStatements, FoundBy } from './audit-statements.ts';
import type { SqliteValue } from './connection.ts';

/** Comes before the youngest entry. */
const TOP = { at: Number.MAX_SAFE_INTEGER, id: '' };

/** Writes entries, within the transaction of what they tell of. */
export function writeAudit({ insertEntry }: AuditStatements, records: readonly AuditRecord[]): void {
  for (const record of records) insertEntry(...rowOfRecord(record));
}

/** A page, within a transaction. Whatever is asked for, it is found by one index and read in its order. */
export function readAudit(
  statements: AuditStatements,
  page: AuditPage,
): { readonly entries: readonly AuditEntry[]; readonly more: boolean } {
  const rows = wanted(page).flatMap(([by, ...values]) => readBy(statements, by, values, page));
  // Of several types, each has a page of its own, of which the youngest entries count.
  if (page.types !== undefined && page.types.length > 1) rows.sort(youngestFirst);
  return { entries: rows.slice(0, page.limit).map(entryOf), more: rows.length > page.limit };
}

/** What finds the fewest of all that is asked for, as far as one can tell. */
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
  const { realm, user, by, account, types, from = Number.MIN_SAFE_INTEGER, until, limit } = page;
  const after = page.after ?? TOP;
  // What comes after the first place of a time is earlier than that time.
  const top = until !== undefined && until <= after.at ? { at: until, id: '' } : after;
  const twice = (value: SqliteValue | undefined): SqliteValue[] => [value ?? null, value ?? null];
  return entries[found](
    ...[...values, top.at, top.id, from, realm],
    ...[...twice(user), ...twice(by), ...twice(account), ...twice(types && JSON.stringify(types.map(toColumn)))],
    // One more than wanted, to know whether entries follow.
    limit + 1,
  );
}

function youngestFirst(one: Row, other: Row): number {
  const [a, b] = [placeOf(one), placeOf(other)];
  return b.at - a.at || (a.id < b.id ? 1 : -1);
}

/** One batch: first of what is about the user, then of what the user did to others. */
export function forgetUser({ forgetUser, forgetActor }: AuditStatements, user: Tag, limit: number): number {
  const about = forgetUser(user, limit);
  return about + forgetActor(user, limit - about);
}
