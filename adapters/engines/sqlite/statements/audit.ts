import type { AuditIndex } from '../../sql/audit-page.ts';
import { ENTRY_COLUMNS } from '../../sql/audit-rows.ts';
import type { Database } from '../connection.ts';
import type { Command, RowsQuery } from '../prepared.ts';

export interface AuditStatements {
  /** Inserts an entry. Skips it if it exists. */
  readonly insertEntry: Command;
  /**
   * Selects a page of the log, by each index. Parameters, in order: the values of the index; the place (`at`, `id`)
   * after which the page starts, and the earliest `at`; the realm; user, actor, account and the types (a JSON array),
   * each twice, with `null` for any; the limit.
   */
  readonly entries: Readonly<Record<AuditIndex, RowsQuery>>;
  readonly forgetUser: Command;
  readonly forgetActor: Command;
  readonly pruneEntries: Command;
}

// Names the index explicitly, because SQLite would have to guess which one matches the fewest rows.
const page = (index: string, found: string): string => `
  SELECT ${ENTRY_COLUMNS.join(', ')} FROM audit INDEXED BY ${index}
  WHERE ${found} AND (at, id) < (?, ?) AND at >= ? AND realm_tag = ?
    AND (? IS NULL OR user_tag = ?) AND (? IS NULL OR actor_tag = ?) AND (? IS NULL OR account_tag = ?)
    AND (? IS NULL OR type IN (SELECT value FROM json_each(?)))
  ORDER BY at DESC, id DESC LIMIT ?`;

export const auditStatementsOf = (database: Database): AuditStatements => ({
  insertEntry: database.command(`
    INSERT INTO audit (realm_tag, user_tag, account_tag, actor_tag, keep_until, ${ENTRY_COLUMNS.join(', ')})
    VALUES (?, ?, ?, ?, ?, ${ENTRY_COLUMNS.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`),
  entries: {
    user: database.rows(page('audit_of_user', 'user_tag = ?')),
    actor: database.rows(page('audit_of_actor', 'actor_tag = ?')),
    account: database.rows(page('audit_of_account', 'account_tag = ?')),
    typeInAccount: database.rows(page('audit_of_type_in_account', 'account_tag = ? AND type = ?')),
    type: database.rows(page('audit_of_type', 'realm_tag = ? AND type = ?')),
    realm: database.rows(page('audit_of_realm', 'realm_tag = ?')),
  },
  forgetUser: database.command(`
    UPDATE audit SET user_tag = NULL, actor_tag = NULL, user = NULL, session = NULL, device = NULL, ip = NULL,
      actor = NULL, reason = NULL, note = NULL, actor_device = NULL, details = '{}'
    WHERE rowid IN (SELECT rowid FROM audit WHERE user_tag = ? LIMIT ?)`),
  forgetActor: database.command(`
    UPDATE audit SET actor_tag = NULL, actor = NULL, reason = NULL, note = NULL, actor_device = NULL
    WHERE rowid IN (SELECT rowid FROM audit WHERE actor_tag = ? LIMIT ?)`),
  pruneEntries: database.command(`
    DELETE FROM audit WHERE rowid IN (SELECT rowid FROM audit WHERE keep_until < ? ORDER BY keep_until LIMIT ?)`),
});
