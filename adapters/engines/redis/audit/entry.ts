import type { AuditPage, AuditRecord, QueuedMessage, Tag } from '../../../../src/adapter.ts';
import type { AuditEntry } from '../../../../src/index.ts';
import type { Keys } from '../keys.ts';

export function formatEntry({ realm, user, account, by, keepUntil, entry }: AuditRecord): string {
  return JSON.stringify([realm, user, account, by, keepUntil, entry]);
}

/** Formats a record with its message, for its way to the log. The log itself holds no message. */
export const formatRelayed = (record: AuditRecord): string =>
  record.message === undefined
    ? formatEntry(record)
    : `${formatEntry(record).slice(0, -1)},${JSON.stringify(record.message)}]`;

export function parseEntry(text: string): AuditRecord {
  const [realm, user, account, by, keepUntil, entry, message] = JSON.parse(text) as [
    ...[realm: Tag, user: Tag | null, account: Tag | null, by: Tag | null],
    ...[keepUntil: number, entry: AuditEntry, message?: QueuedMessage],
  ];
  return { realm, user, account, by, keepUntil, entry, ...(message && { message }) };
}

export function indexesOf(keys: Keys, { realm, user, account, by, entry }: AuditRecord): readonly string[] {
  const indexes = [keys.logBy(realm, 'all'), keys.logBy(realm, 'type', entry.type)];
  if (user !== null) indexes.push(keys.logBy(realm, 'user', user));
  if (by !== null) indexes.push(keys.logBy(realm, 'actor', by));
  if (account !== null) {
    indexes.push(keys.logBy(realm, 'account', account), keys.logBy(realm, 'typeIn', account, entry.type));
  }
  return indexes;
}

/** Returns the indexes that together list every entry of a page. Chooses those that probably list the fewest others. */
export function indexesFor(keys: Keys, { realm, user, account, by, types }: AuditPage): readonly string[] {
  if (user !== undefined) return [keys.logBy(realm, 'user', user)];
  if (by !== undefined) return [keys.logBy(realm, 'actor', by)];
  if (types === undefined) {
    return [account === undefined ? keys.logBy(realm, 'all') : keys.logBy(realm, 'account', account)];
  }
  return [...new Set(types)].map((type) =>
    account === undefined ? keys.logBy(realm, 'type', type) : keys.logBy(realm, 'typeIn', account, type),
  );
}

/** Tells whether a page asks for this entry. Does not compare the time, because the caller reads the index by time. */
export function isWanted({ user, account, by, entry }: AuditRecord, page: AuditPage): boolean {
  return (
    (page.user === undefined || page.user === user) &&
    (page.by === undefined || page.by === by) &&
    (page.account === undefined || page.account === account) &&
    (page.types === undefined || page.types.includes(entry.type))
  );
}

const BY_NOBODY = { by: null, reason: null, note: null, fromDevice: null } as const;

export function withoutUser(record: AuditRecord): AuditRecord {
  const nobody = { ...BY_NOBODY, user: null, session: null, device: null, ip: null, details: {} };
  return { ...record, user: null, by: null, entry: { ...record.entry, ...nobody } };
}

export const withoutActor = (record: AuditRecord): AuditRecord => ({
  ...record,
  by: null,
  entry: { ...record.entry, ...BY_NOBODY },
});
