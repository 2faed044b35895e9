import type { AuditPage, AuditPower, AuditRecord, Tag } from '../../../src/adapter.ts';
import type { AuditEntry } from '../../../src/index.ts';
import { lookupsOf, pageOf, startOf } from '../sql/audit-page.ts';
import { rowOfRecord } from '../sql/audit-rows.ts';
import { toColumn } from '../sql/values.ts';
import type { SqliteValue } from './client.ts';
import type { Context } from './context.ts';
import type { Statements } from './statements/index.ts';

export const auditPower = (open: () => Context): AuditPower => ({
  append(records) {
    const { database, statements } = open();
    // May fail: the entries are written again later. A refused token must not block this process.
    database.writeSoon(() => writeAudit(statements, records));
  },
  read(page) {
    const { database, statements } = open();
    return database.read(() => readAudit(statements, page));
  },
  forget(user, limit) {
    const { database, statements } = open();
    return database.erase(() => forgetUser(statements, user, limit));
  },
  prune(before, limit) {
    const { database, statements } = open();
    return database.writeUnsynced(() => statements.pruneEntries(before, limit));
  },
});

/** Writes entries and queues their messages. Skips entries that exist. */
export function writeAudit({ insertEntry, insertMessage }: Statements, records: readonly AuditRecord[]): void {
  for (const record of records) {
    const isNew = insertEntry(...rowOfRecord(record)) > 0;
    const { realm, entry, keepUntil, message } = record;
    if (!isNew || message === undefined) continue;
    const body = toColumn(message.body);
    for (const queue of message.queues) insertMessage(realm, queue, entry.id, entry.at, keepUntil, body, '');
  }
}

/** Reads a page of the log. Each look-up reads one index, which gives the order. */
function readAudit(
  { entries }: Statements,
  page: AuditPage,
): { readonly entries: readonly AuditEntry[]; readonly more: boolean } {
  const { realm, user, by, account, types, since = Number.MIN_SAFE_INTEGER, limit } = page;
  const start = startOf(page);
  const twice = (value: SqliteValue | undefined): SqliteValue[] => [value ?? null, value ?? null];
  const lookups = lookupsOf(page).map(([index, ...values]) =>
    entries[index](
      ...[...values, start.at, start.id, since, realm],
      ...[...twice(user), ...twice(by), ...twice(account), ...twice(types && JSON.stringify(types.map(toColumn)))],
      limit + 1,
    ),
  );
  return pageOf(lookups, limit);
}

/** Erases a user from the log. Entries about the user come first, then entries about what the user did to others. */
function forgetUser({ forgetUser, forgetActor }: Statements, user: Tag, limit: number): number {
  const about = forgetUser(user, limit);
  return about + forgetActor(user, limit - about);
}
