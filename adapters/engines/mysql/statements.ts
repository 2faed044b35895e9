import type { Names } from './names.ts';
import { INSERT_COLUMNS, READ_COLUMNS } from './rows.ts';
import { STATE } from './server.ts';
import { marks } from './values.ts';

/** No tombstone, and within its lifetimes at a given time. Ignores revocations by epoch. */
const LIVING = 'ended_at IS NULL AND (over_at IS NULL OR over_at > ?)';

/** Wraps the version before it exceeds the integers that JavaScript represents exactly. */
const MOVE = `version = (version + 1) % ${2 ** 53}`;

/** NULL means forever, and GREATEST(NULL, x) is NULL. */
const RAISE = 'keep_until = GREATEST(keep_until, ?)';

/** SQL for the tag of a session's membership, as `memberTag` makes it; NULL if the session is in no account. */
const MEMBER_TAG = "CONCAT(s.user_tag, '.', s.account_tag)";

const KEEP = 'keep_until = GREATEST(keep_until, VALUES(keep_until))';

const TOMBSTONE = 'SET ended_at = ?, ended = ? WHERE id = ? AND user_tag = ?';

/**
 * Builds the statements from the names of the tables. Parameters are in the order of the question marks. The SQL uses
 * only what MariaDB and MySQL have in common.
 *
 * Some statements find a row by the values that they compare. Their outcome is the number of affected rows. Each of
 * them changes something in the row, because some clients do not count unchanged rows.
 */
export interface Statements {
  /** Tag, record, version and `keep_until` of this many tags. */
  epochs(count: number): string;
  /** The same, with the state of the connection. If no record exists, a row of NULLs has the state. */
  lookedAt(count: number): string;
  /** The same as `epochs`, locked until the transaction ends. */
  lockedEpochs(count: number): string;
  /** Tag and record of this many tags, locked against changes. */
  sharedRecords(count: number): string;
  /** Creates this many records, or raises their `keep_until` if they exist. */
  keepEpochs(count: number): string;
  /** The version of a record, locked. Writers to a user queue here, so that no two of them deadlock. */
  readonly lockUser: string;
  /** Increments a version if it is the one that was read, and raises `keep_until`. */
  readonly moveFrom: string;
  /** Increments a version unconditionally, and raises `keep_until`. */
  readonly moveAndRaise: string;
  readonly move: string;
  readonly raise: string;
  /** Replaces a record if its version is the one that was read. */
  readonly advance: string;
  /** Like `advance`, and rotates the secret of the initiator (`initiator`): both or neither. */
  readonly advanceFor: string;
  /** Like `advanceFor`, but changes only the version. The next statement replaces the record of a membership. */
  readonly moveFor: string;
  /** Replaces a record without comparing its version. */
  readonly replace: string;

  /**
   * Sessions by id, each with its records. The first parameter is the realm's tag. If there is no session, a row of
   * NULLs has the state of the connection. The same holds for `list`.
   */
  find(count: number): string;
  /** A session with the records of its user and membership, locked. */
  readonly findLocked: string;
  /** A page of sessions, in any order. `users` and `members` are the numbers of requested stamps, 0 for any stamp. */
  list(of: {
    readonly account: boolean;
    readonly users: number;
    readonly members: number;
    readonly indexed: boolean;
    readonly after: boolean;
    readonly living: boolean;
  }): string;
  readonly insert: string;
  /** Returns a row if a session of this user has this credential and is living; locks it. */
  readonly isLive: string;
  readonly renew: string;
  /** Writes a tombstone, even past its lifetimes, if the session's last use was no later than a given time. */
  readonly end: string;
  /** The same for a session in an account, or in none. */
  readonly endIn: string;
  /** Writes a tombstone if the session is living. */
  readonly endLiving: string;
  /**
   * Columns that decide whether a use counts, of this many sessions, locked. Skips sessions that others have locked.
   */
  used(count: number): string;
  /** The ids among these that exist, locked or not. */
  present(count: number): string;
  /** Records this many uses. Parameters: the id and time of each, then the ids. */
  touch(count: number): string;

  /** Tags of users with a session of each, in the order of the tags. */
  readonly users: string;
  /** The same for users who have sessions in an account. */
  readonly members: string;
  /** Tags between two strings, both exclusive, in byte order. */
  readonly tagsBetween: string;
  readonly idsOf: string;

  /** The ids of sessions that are over by themselves, locked. Skips sessions that others have locked. */
  readonly dueSessions: string;
  readonly dueEpochs: string;
  /** Sessions that never expire. */
  readonly endless: string;
  records(count: number): string;
  removeSessions(count: number): string;
  removeEpochs(count: number): string;
}

export function statementsOf({ sessions, epochs }: Names): Statements {
  const found = `
    SELECT ${READ_COLUMNS.join(', ')}, r.record, a.record, u.record, m.record, ${STATE}
    FROM (SELECT 1 AS one) q LEFT JOIN ${epochs} r ON r.tag = ?`;
  const judged = `
    LEFT JOIN ${epochs} a ON a.tag = s.account_tag
    LEFT JOIN ${epochs} u ON u.tag = s.user_tag
    LEFT JOIN ${epochs} m ON m.tag = ${MEMBER_TAG}`;
  const someEpochs = (count: number): string =>
    `SELECT tag, record, version, keep_until FROM ${epochs} WHERE tag IN (${marks(count)})`;
  const records = (count: number): string => `SELECT tag, record FROM ${epochs} WHERE tag IN (${marks(count)})`;

  // Reads in the order of an index. It visits as many rows as these users have sessions, and no more.
  const tags = (index: string, where: string): string => `
    SELECT t.user_tag, (SELECT born FROM ${sessions} s WHERE s.user_tag = t.user_tag LIMIT 1)
    FROM (
      SELECT DISTINCT user_tag FROM ${sessions} FORCE INDEX (${index}) WHERE ${where} user_tag > ?
      ORDER BY user_tag LIMIT ?
    ) t ORDER BY t.user_tag`;

  return {
    epochs: someEpochs,
    lookedAt: (count) => `
      SELECT e.tag, e.record, e.version, e.keep_until, ${STATE}
      FROM (SELECT 1 AS one) q LEFT JOIN ${epochs} e ON e.tag IN (${marks(count)})`,
    lockedEpochs: (count) => `${someEpochs(count)} FOR UPDATE`,
    sharedRecords: (count) => `${records(count)} LOCK IN SHARE MODE`,
    keepEpochs: (count) => `
      INSERT INTO ${epochs} (tag, record, version, keep_until) VALUES ${Array(count).fill('(?, ?, ?, ?)').join(', ')}
      ON DUPLICATE KEY UPDATE ${KEEP}`,
    lockUser: `SELECT version FROM ${epochs} WHERE tag = ? FOR UPDATE`,
    moveFrom: `UPDATE ${epochs} SET ${MOVE}, ${RAISE} WHERE tag = ? AND version = ?`,
    moveAndRaise: `UPDATE ${epochs} SET ${MOVE}, ${RAISE} WHERE tag = ?`,
    move: `UPDATE ${epochs} SET ${MOVE} WHERE tag = ?`,
    raise: `UPDATE ${epochs} SET ${RAISE} WHERE tag = ?`,
    advance: `UPDATE ${epochs} SET record = ?, ${MOVE}, ${RAISE} WHERE tag = ? AND version = ?`,
    advanceFor: `
      UPDATE ${epochs} e JOIN ${sessions} s ON s.user_tag = e.tag
      SET e.record = ?, e.${MOVE}, e.${RAISE}, s.credential = ?, s.serial = ?
      WHERE e.tag = ? AND e.version = ? AND s.id = ? AND s.credential = ? AND ${LIVING}`,

    moveFor: `
      UPDATE ${epochs} e JOIN ${sessions} s ON s.user_tag = e.tag
      SET e.${MOVE}, e.${RAISE}, s.credential = ?, s.serial = ?
      WHERE e.tag = ? AND e.version = ? AND s.id = ? AND s.credential = ? AND ${LIVING}`,
    replace: `UPDATE ${epochs} SET record = ?, ${MOVE}, ${RAISE} WHERE tag = ?`,

    find: (count) => `
      ${found} LEFT JOIN ${sessions} s ON s.id ${count === 1 ? '= ?' : `IN (${marks(count)})`} ${judged}`,
    findLocked: `
      SELECT ${READ_COLUMNS.join(', ')}, u.record, m.record
      FROM ${sessions} s LEFT JOIN ${epochs} u ON u.tag = s.user_tag LEFT JOIN ${epochs} m ON m.tag = ${MEMBER_TAG}
      WHERE s.id = ? AND s.user_tag = ? FOR UPDATE`,
    // Selects the page by its keys, unsorted: to sort rows with BLOBs, the server would write them to a table on disk.
    list: ({ account, users, members, indexed, after, living }) => `
      ${found} LEFT JOIN (
        SELECT id, created_at FROM ${sessions} FORCE INDEX (${indexed ? 'of_generation' : 'of_user'})
        WHERE user_tag = ?
          ${account ? 'AND account_tag <=> ?' : ''}
          ${users > 0 ? `AND user_born IN (${marks(users)})` : ''}
          ${members > 0 ? `AND member_born IN (${marks(members)})` : ''}
          ${after ? 'AND created_at <= ? AND (created_at < ? OR id < ?)' : ''}
          ${living ? `AND ${LIVING}` : ''}
        ORDER BY created_at DESC, id DESC LIMIT ?
      ) p ON TRUE LEFT JOIN ${sessions} s ON s.id = p.id ${judged}`,
    insert: `INSERT INTO ${sessions} (${INSERT_COLUMNS.join(', ')}) VALUES (${marks(INSERT_COLUMNS.length)})`,
    isLive: `SELECT 1 FROM ${sessions} WHERE id = ? AND user_tag = ? AND credential = ? AND ${LIVING} FOR UPDATE`,
    renew: `
      UPDATE ${sessions} SET credential = ?, serial = ?, account_tag = ?, last_used_at = GREATEST(last_used_at, ?),
        expires_at = ?, idle = ?, member_born = ?, renewed = ?, client = ?, revision = revision + 1
      WHERE id = ? AND user_tag = ? AND credential = ? AND ${LIVING}`,
    end: `UPDATE ${sessions} ${TOMBSTONE} AND last_used_at <= ? AND ended_at IS NULL`,
    endIn: `UPDATE ${sessions} ${TOMBSTONE} AND last_used_at <= ? AND ended_at IS NULL AND account_tag <=> ?`,
    endLiving: `UPDATE ${sessions} ${TOMBSTONE} AND ${LIVING}`,
    used: (count) => `
      SELECT id, user_tag, last_used_at, ended_at, over_at FROM ${sessions} WHERE id IN (${marks(count)})
      FOR UPDATE SKIP LOCKED`,
    present: (count) => `SELECT id FROM ${sessions} WHERE id IN (${marks(count)})`,
    touch: (count) => `
      UPDATE ${sessions} SET last_used_at = CASE id ${'WHEN ? THEN ? '.repeat(count)}ELSE last_used_at END
      WHERE id IN (${marks(count)})`,

    users: tags('of_user', ''),
    members: tags('of_account', 'account_tag = ? AND'),
    tagsBetween: `SELECT tag FROM ${epochs} WHERE tag > ? AND tag < ? ORDER BY tag LIMIT ?`,
    idsOf: `SELECT id FROM ${sessions} FORCE INDEX (of_user) WHERE user_tag = ? ORDER BY created_at, id LIMIT ? FOR UPDATE`,

    dueSessions: `SELECT id FROM ${sessions} WHERE over_at <= ? ORDER BY over_at LIMIT ? FOR UPDATE SKIP LOCKED`,
    dueEpochs: `SELECT tag FROM ${epochs} WHERE keep_until < ? ORDER BY keep_until LIMIT ? FOR UPDATE SKIP LOCKED`,
    endless: `${found} JOIN ${sessions} s ON TRUE ${judged} WHERE s.over_at IS NULL AND s.id > ? ORDER BY s.id LIMIT ?`,
    records,
    removeSessions: (count) => `DELETE FROM ${sessions} WHERE id IN (${marks(count)})`,
    removeEpochs: (count) => `DELETE FROM ${epochs} WHERE tag IN (${marks(count)})`,
  };
}
