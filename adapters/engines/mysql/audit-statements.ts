import { ENTRY_COLUMNS } from '../sql/audit-row.ts';
import type { Names } from './names.ts';
import { marks } from './parameters.ts';

/** What the pages of the log can be found by. */
export type FoundBy = 'user' | 'actor' | 'account' | 'typeInAccount' | 'type' | 'realm';

/** What a page is asked for beyond what it is found by. */
export interface Filter {
  readonly user: boolean;
  readonly actor: boolean;
  readonly account: boolean;
  /** How many types are named; 0 for any. */
  readonly types: number;
}

/** The statements of the powers. */
export interface AuditStatements {
  /** Writes so many entries. Those that are there already are passed by. */
  insertEntries(count: number): string;
  /**
   * A page. Parameters: what it is found by; the latest `at` twice and the id before which it begins; the earliest `at`;
   * the realm; then user, actor, account and types, as far as they are asked for; and the limit.
   */
  entries(by: FoundBy, filter: Filter): string;
  readonly forgetUser: string;
  readonly forgetActor: string;
  /** The keys of entries that need not be kept, locked; those that others have locked are left out. */
  readonly dueEntries: string;
  removeEntries(count: number): string;

  readonly policy: string;
  /** The same, kept from changing until the transaction ends. */
  readonly sharedPolicy: string;
  readonly lockPolicy: string;
  readonly insertPolicy: string;
  readonly replacePolicy: string;
  readonly removePolicy: string;
}

/** The index that each is found by, and what is compared with it. */
const INDEXES: Readonly<Record<FoundBy, readonly [index: string, found: string]>> = {
  user: ['of_user', 'user_tag = ?'],
  actor: ['of_actor', 'actor_tag = ?'],
  account: ['of_account', 'account_tag = ?'],
  typeInAccount: ['of_type_in_account', 'account_tag = ? AND type = ?'],
  type: ['of_type', 'realm_tag = ? AND type = ?'],
  realm: ['of_realm', 'realm_tag = ?'],
};

export function auditStatementsOf({ audit, policies }: Names): AuditStatements {
  const inserted = ['realm_tag', 'user_tag', 'account_tag', 'actor_tag', 'keep_until', ...ENTRY_COLUMNS];
  return {
    // `seq = seq` changes nothing. IGNORE would also pass by what does not fit.
    insertEntries: (count) => `
      INSERT INTO ${audit} (${inserted.join(', ')})
      VALUES ${Array(count)
        .fill(`(${marks(inserted.length)})`)
        .join(', ')} ON DUPLICATE KEY UPDATE seq = seq`,
    entries(by, { user, actor, account, types }) {
      const [index, found] = INDEXES[by];
      // The server would have to guess which index finds the fewest.
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

    policy: `SELECT value FROM ${policies} WHERE account_tag = ?`,
    sharedPolicy: `SELECT value FROM ${policies} WHERE account_tag = ? LOCK IN SHARE MODE`,
    lockPolicy: `SELECT value FROM ${policies} WHERE account_tag = ? FOR UPDATE`,
    insertPolicy: `INSERT INTO ${policies} (account_tag, value) VALUES (?, ?)`,
    replacePolicy: `UPDATE ${policies} SET value = ? WHERE account_tag = ?`,
    removePolicy: `DELETE FROM ${policies} WHERE account_tag = ?`,
  };
}
