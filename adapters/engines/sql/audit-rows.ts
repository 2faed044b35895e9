import type { AuditRecord } from '../../../src/adapter.ts';
import type { AuditEntry } from '../../../src/index.ts';
import { fromColumn, type Row, toColumn, type Value } from './values.ts';

/** Columns of an entry, in the order of {@link EntryRow}. */
export const ENTRY_COLUMNS: readonly string[] = `
  id at type realm user account scope session device ip actor reason note actor_device details
`
  .trim()
  .split(/\s+/);

type EntryRow = readonly [
  id: string,
  at: number,
  type: string,
  realm: string,
  user: string | null,
  account: string | null,
  scope: AuditEntry['scope'],
  session: string | null,
  device: string | null,
  ip: string | null,
  by: string | null,
  reason: string | null,
  note: string | null,
  from: string | null,
  details: string,
];

export function rowOfRecord({ entry, realm, user, account, by, keepUntil }: AuditRecord): readonly Value[] {
  const row: EntryRow = [
    ...([entry.id, entry.at, entry.type, entry.realm, entry.user, entry.account, entry.scope] as const),
    ...([entry.session, entry.device, entry.ip, entry.by, entry.reason, entry.note, entry.fromDevice] as const),
    JSON.stringify(entry.details),
  ];
  return [realm, user, account, by, keepUntil, ...row.map(escaped)];
}

const escaped = (value: Value): Value => (typeof value === 'string' ? toColumn(value) : value);
const unescaped = (value: Value): Value => (typeof value === 'string' ? fromColumn(value) : value);

export function entryOf(row: Row): AuditEntry {
  const [id, at, type, realm, user, account, scope, session, device, ip, by, reason, note, from, details] = row.map(
    unescaped,
  ) as unknown as EntryRow;
  return {
    ...{ id, at, type, realm, user, account, scope, session, device, ip, by, reason, note, fromDevice: from },
    details: JSON.parse(details) as AuditEntry['details'],
  };
}

export const placeOf = (row: Row): { readonly at: number; readonly id: string } => {
  const [id, at] = row as EntryRow;
  return { at, id };
};
