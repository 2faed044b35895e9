import type { AuditIndex } from '../../sql/audit-page.ts';
import { ENTRY_COLUMNS } from '../../sql/audit-rows.ts';
import type { Tables } from '../names.ts';
import { marks } from '../values.ts';

interface Filter {
  readonly user: boolean;
  readonly actor: boolean;
  readonly account: boolean;
  /** Number of types; 0 for any type. */
  readonly types: number;
}

export interface AuditStatements {
  /** Inserts entries. Skips those that exist. */
  insertEntries(count: number): string;
  /** Inserts an entry. Fails as a duplicate if it exists. */
  readonly insertEntry: string;
  /**
   * Selects a page of the log. Parameters, in order: the values of the index; the latest `at`, twice, and the id before
   * which the page begins; the earliest `at`; the realm; user, actor, account and types, if requested; the limit.
   */
  entries(by: AuditIndex, filter: Filter): string;
  readonly forgetUser: string;
  readonly forgetActor: string;
  /** Selects and locks the keys of entries that need not be kept. Skips entries that other transactions have locked. */
  readonly dueEntries: string;
  removeEntries(count: number): string;
}

const INDEXES: Readonly<Record<AuditIndex, readonly [index: string, found: string]>> = {
  user: ['of_user', 'user_tag = ?'],
  actor: ['of_actor', 'actor_tag = ?'],
  account: ['of_account', 'account_tag = ?'],
  typeInAccount: ['of_type_in_account', 'account_tag = ? AND type = ?'],
  type: ['of_type', 'realm_tag = ? AND type = ?'],
  realm: ['of_realm', 'realm_tag = ?'],
};

export function auditStatementsOf({ audit }: Tables): AuditStatements {
  const inserted = ['realm_tag', 'user_tag', 'account_tag', 'actor_tag', 'keep_until', ...ENTRY_COLUMNS];
  const insert = `INSERT INTO ${audit} (${inserted.join(', ')}) VALUES `;
  const row = `(${marks(inserted.length)})`;
  return {
    insertEntry: insert + row,
    // `seq = seq` changes nothing. IGNORE would also hide errors for values that do not fit.
    insertEntries: (count) => `${insert}${Array(count).fill(row).join(', ')} ON DUPLICATE KEY UPDATE seq = seq`,
    entries(by, { user, actor, account, types }) {
      const [index, found] = INDEXES[by];
      // Names the index explicitly, because the server would have to guess which one matches the fewest rows.
      return `
        SELECT ${ENTRY_COLUMNS.join(', ')} FROM ${audit} FORCE INDEX (${index})
        WHERE ${found} AND at <= ? AND (at < ? OR id < ?) AND at >= ? AND realm_tag = ?
          ${user ? 'AND user_tag = ?' : ''} ${actor ? 'AND actor_tag = ?' : ''}
          ${account ? 'AND account_tag = ?' : ''} ${types > 0 ? `AND type IN (${marks(types)})` : ''}
        ORDER BY at DESC, id DESC LIMIT ?`;
    },
    forgetUser: `
      UPDATE ${audit} SET user_tag = NULL, actor_tag = NULL, user = NULL, session = NULL, device = NULL, ip = NULL,
        actor = NULL, reason = NULL, note = NULL, actor_device = NULL, details = '{}'
      WHERE user_tag = ? ORDER BY at, id LIMIT ?`,
    forgetActor: `
      UPDATE ${audit} SET actor_tag = NULL, actor = NULL, reason = NULL, note = NULL, actor_device = NULL
      WHERE actor_tag = ? ORDER BY at, id LIMIT ?`,
    dueEntries: `SELECT seq FROM ${audit} WHERE keep_until < ? ORDER BY keep_until LIMIT ? FOR UPDATE SKIP LOCKED`,
    removeEntries: (count) => `DELETE FROM ${audit} WHERE seq IN (${marks(count)})`,
  };
}
