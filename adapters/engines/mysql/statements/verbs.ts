import type { Tables } from '../names.ts';
import { INSERT_COLUMNS, READ_COLUMNS } from '../rows.ts';
import { STATE } from '../server.ts';
import { marks } from '../values.ts';
import { found, judged, LIVING, MEMBER_TAG, MOVE, RAISE, records } from './fragments.ts';

const KEEP = 'keep_until = GREATEST(keep_until, VALUES(keep_until))';

const TOMBSTONE = 'SET ended_at = ?, ended = ? WHERE id = ? AND user_tag = ?';

export interface VerbStatements {
  /** Selects tag, record, version and `keep_until`. */
  epochs(count: number): string;
  /** Like `epochs`, with the state of the connection. If no record exists, a row of NULLs has the state. */
  readEpochs(count: number): string;
  /** Like `epochs`, and locks the records until the transaction ends. */
  lockedEpochs(count: number): string;
  /** Selects tag and record. Protects the records from changes until the transaction ends. */
  sharedRecords(count: number): string;
  /** Creates records. An existing record only gets a later `keep_until`. */
  keepEpochs(count: number): string;
  /**
   * Selects the version of a record, and locks the record. Writers to a user queue here, so that no two of them
   * deadlock.
   */
  readonly lockUser: string;
  /** Increments the version and raises `keep_until`. Does nothing if the version is not the one that was read. */
  readonly moveFrom: string;
  readonly moveAndRaise: string;
  readonly move: string;
  readonly raise: string;
  readonly advance: string;
  /** Like `advance`, for a session, the initiator. Also rotates the secret of that session: both or neither. */
  readonly advanceFor: string;
  /**
   * Like `advanceFor`, but changes only the version of the user's record. The next statement replaces the record of a
   * membership.
   */
  readonly moveFor: string;
  /** Like `advance`, but does not compare the version. */
  readonly replace: string;

  /**
   * Selects sessions by id, with their records. The first parameter is the realm's tag. If there is no session, a row
   * of NULLs has the state of the connection, as in `list`.
   */
  find(count: number): string;
  /** Selects a session with the records of its user and membership, and locks all of them. */
  readonly findLocked: string;
  /**
   * Selects a page of a user's sessions, in any order. `users` and `members` are the numbers of requested stamps, 0 for
   * any stamp.
   */
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
  /** Writes the tombstone of a session, even if it has expired. Does nothing if it was used after a given time. */
  readonly end: string;
  /** Like `end`, for a session in a given account, or in none. */
  readonly endIn: string;
  readonly endLiving: string;
  /**
   * Selects the columns that decide whether a use counts, and locks the sessions. Skips sessions that other
   * transactions have locked.
   */
  used(count: number): string;
  /** Selects those of the given ids that exist, locked or not. */
  present(count: number): string;
  /** Records uses. Parameters: the id and time of each use, then the ids. */
  touch(count: number): string;
}

export function verbStatementsOf(tables: Tables): VerbStatements {
  const { sessions, epochs } = tables;
  const someEpochs = (count: number): string =>
    `SELECT tag, record, version, keep_until FROM ${epochs} WHERE tag IN (${marks(count)})`;
  return {
    epochs: someEpochs,
    readEpochs: (count) => `
      SELECT e.tag, e.record, e.version, e.keep_until, ${STATE}
      FROM (SELECT 1 AS one) q LEFT JOIN ${epochs} e ON e.tag IN (${marks(count)})`,
    lockedEpochs: (count) => `${someEpochs(count)} FOR UPDATE`,
    sharedRecords: (count) => `${records(tables, count)} LOCK IN SHARE MODE`,
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
      ${found(tables)} LEFT JOIN ${sessions} s ON s.id ${count === 1 ? '= ?' : `IN (${marks(count)})`} ${judged(tables)}`,
    findLocked: `
      SELECT ${READ_COLUMNS.join(', ')}, u.record, m.record
      FROM ${sessions} s LEFT JOIN ${epochs} u ON u.tag = s.user_tag LEFT JOIN ${epochs} m ON m.tag = ${MEMBER_TAG}
      WHERE s.id = ? AND s.user_tag = ? FOR UPDATE`,
    // Selects the page by its keys, unsorted: to sort rows with BLOBs, the server would write them to a table on disk.
    list: ({ account, users, members, indexed, after, living }) => `
      ${found(tables)} LEFT JOIN (
        SELECT id, created_at FROM ${sessions} FORCE INDEX (${indexed ? 'of_generation' : 'of_user'})
        WHERE user_tag = ?
          ${account ? 'AND account_tag <=> ?' : ''}
          ${users > 0 ? `AND user_born IN (${marks(users)})` : ''}
          ${members > 0 ? `AND member_born IN (${marks(members)})` : ''}
          ${after ? 'AND created_at <= ? AND (created_at < ? OR id < ?)' : ''}
          ${living ? `AND ${LIVING}` : ''}
        ORDER BY created_at DESC, id DESC LIMIT ?
      ) p ON TRUE LEFT JOIN ${sessions} s ON s.id = p.id ${judged(tables)}`,
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
  };
}
