import type { Names } from './names.ts';
import { marks } from './parameters.ts';
import { STATE } from './server.ts';
import { INSERT_COLUMNS, READ_COLUMNS } from './session-row.ts';

/** Without a tombstone and within its lifetimes at a time. What a revocation did to it is not asked. */
const LIVING = 'ended_at IS NULL AND (over_at IS NULL OR over_at > ?)';

/** A version stays a whole number that JavaScript holds exactly. */
const MOVE = `version = (version + 1) % ${2 ** 53}`;

/** NULL is for ever, and the greatest of NULL and anything is NULL. */
const RAISE = 'keep_until = GREATEST(keep_until, ?)';

const KEEP = 'keep_until = GREATEST(keep_until, VALUES(keep_until))';

const TOMBSTONE = 'SET ended_at = ?, ended = ? WHERE id = ? AND user_tag = ?';

/**
 * The statements, by the names of the tables; parameters stand in the order of the question marks. Only what MariaDB and
 * MySQL have in common. Where a row is found by what a statement compares with, the outcome is read from how many rows it
 * affected, and each such statement changes something in the row: some clients are told of no other.
 */
export interface Statements {
  /** Tag, record, version and `keep_until` of so many tags. */
  epochs(count: number): string;
  /** The same, and how the connection stands: where there is none, in a row of NULLs. */
  lookedAt(count: number): string;
  /** The same, locked until the transaction ends. */
  lockedEpochs(count: number): string;
  /** Tag and record of so many tags, locked against changes. */
  sharedRecords(count: number): string;
  /** Creates so many records, or raises their `keep_until` where they are there. */
  keepEpochs(count: number): string;
  /** The version of a record, locked: whoever writes about a user queues here, so that no two wait for each other. */
  readonly lockUser: string;
  /** Moves a version that is the one that was read, and raises `keep_until`. */
  readonly moveFrom: string;
  /** Moves a version, whatever it is, and raises `keep_until`. */
  readonly moveAndRaise: string;
  readonly move: string;
  readonly raise: string;
  /** Replaces a record whose version is the one that was read. */
  readonly advance: string;
  /** The same, and rotates the asker's secret: both or neither. */
  readonly advanceFor: string;

  /**
   * Sessions by their ids, each with its records. The first parameter is the realm's tag. Where there is none, a row of NULLs
   * still tells how the connection stands: so does `list`.
   */
  find(count: number): string;
  /** A session with its user's record, locked. */
  readonly findLocked: string;
  list(of: { readonly account: boolean; readonly after: boolean; readonly living: boolean }): string;
  readonly insert: string;
  /** Whether a session of this user has this hash and is living; locked. */
  readonly isLive: string;
  readonly renew: string;
  /** Writes a tombstone, whatever its lifetimes say. */
  readonly end: string;
  /** The same for a session in an account, or in none. */
  readonly endIn: string;
  /** Writes a tombstone, if it is living. */
  readonly endLiving: string;
  /** What a use depends on, of so many sessions, locked; those that others have locked are left out. */
  used(count: number): string;
  /** Which of so many sessions there are, locked or not. */
  present(count: number): string;
  /** Notes so many uses: for each id and time, and then the ids. */
  touch(count: number): string;

  /** Tags of users with a session of each, in the order of the tags. */
  readonly users: string;
  /** The same, of those who have sessions in an account. */
  readonly members: string;
  /** Removes some sessions of a user. */
  readonly removeOf: string;

  /** The ids of sessions that are over by themselves, locked; those that others have locked are left out. */
  readonly dueSessions: string;
  readonly dueEpochs: string;
  /** Sessions that are never over by themselves. */
  readonly endless: string;
  /** Tag and record of so many tags. */
  records(count: number): string;
  removeSessions(count: number): string;
  removeEpochs(count: number): string;
}

export function statementsOf({ sessions, epochs }: Names): Statements {
  const found = `
    SELECT ${READ_COLUMNS.join(', ')}, r.record, a.record, u.record, ${STATE}
    FROM (SELECT 1 AS one) q LEFT JOIN ${epochs} r ON r.tag = ?`;
  const judged = `
    LEFT JOIN ${epochs} a ON a.tag = s.account_tag
    LEFT JOIN ${epochs} u ON u.tag = s.user_tag`;
  const someEpochs = (count: number): string =>
    `SELECT tag, record, version, keep_until FROM ${epochs} WHERE tag IN (${marks(count)})`;
  const records = (count: number): string => `SELECT tag, record FROM ${epochs} WHERE tag IN (${marks(count)})`;

  // In the order of an index: as many rows are passed as these users have sessions, and no more.
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
      SET e.record = ?, e.${MOVE}, e.${RAISE}, s.hash = ?, s.serial = ?
      WHERE e.tag = ? AND e.version = ? AND s.id = ? AND s.hash = ? AND ${LIVING}`,

    find: (count) => `
      ${found} LEFT JOIN ${sessions} s ON s.id ${count === 1 ? '= ?' : `IN (${marks(count)})`} ${judged}`,
    findLocked: `
      SELECT ${READ_COLUMNS.join(', ')}, u.record
      FROM ${sessions} s LEFT JOIN ${epochs} u ON u.tag = s.user_tag
      WHERE s.id = ? AND s.user_tag = ? FOR UPDATE`,
    // The page by its keys: what a row holds need not be carried through a table of its own.
    list: ({ account, after, living }) => `
      ${found} LEFT JOIN (
        SELECT id, created_at FROM ${sessions} FORCE INDEX (of_user)
        WHERE user_tag = ?${account ? ' AND account_tag = ?' : ''}
          ${after ? 'AND created_at <= ? AND (created_at < ? OR id < ?)' : ''}
          ${living ? `AND ${LIVING}` : ''}
        ORDER BY created_at DESC, id DESC LIMIT ?
      ) p ON TRUE LEFT JOIN ${sessions} s ON s.id = p.id ${judged}
      ORDER BY p.created_at DESC, p.id DESC`,
    insert: `INSERT INTO ${sessions} (${INSERT_COLUMNS.join(', ')}) VALUES (${marks(INSERT_COLUMNS.length)})`,
    isLive: `SELECT 1 FROM ${sessions} WHERE id = ? AND user_tag = ? AND hash = ? AND ${LIVING} FOR UPDATE`,
    renew: `
      UPDATE ${sessions} SET hash = ?, serial = ?, account_tag = ?, last_used_at = GREATEST(last_used_at, ?),
        expires_at = ?, idle = ?, renewed = ?, revision = revision + 1
      WHERE id = ? AND user_tag = ? AND hash = ? AND ${LIVING}`,
    end: `UPDATE ${sessions} ${TOMBSTONE} AND ended_at IS NULL`,
    endIn: `UPDATE ${sessions} ${TOMBSTONE} AND ended_at IS NULL AND account_tag <=> ?`,
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
    removeOf: `DELETE FROM ${sessions} WHERE user_tag = ? ORDER BY created_at, id LIMIT ?`,

    dueSessions: `SELECT id FROM ${sessions} WHERE over_at <= ? ORDER BY over_at LIMIT ? FOR UPDATE SKIP LOCKED`,
    dueEpochs: `SELECT tag FROM ${epochs} WHERE keep_until < ? ORDER BY keep_until LIMIT ? FOR UPDATE SKIP LOCKED`,
    endless: `${found} JOIN ${sessions} s ON TRUE ${judged} WHERE s.over_at IS NULL AND s.id > ? ORDER BY s.id LIMIT ?`,
    records,
    removeSessions: (count) => `DELETE FROM ${sessions} WHERE id IN (${marks(count)})`,
    removeEpochs: (count) => `DELETE FROM ${epochs} WHERE tag IN (${marks(count)})`,
  };
}
