import { COLUMNS } from '../sql/session-row.ts';
import type { Database } from './database.ts';
import { FOUND_COLUMNS } from './reading.ts';
import type { Command, RowQuery, RowsQuery } from './statement.ts';

/** Sessions and the records that each is judged by, as `foundOf` takes them. Its first parameter is the realm's tag. */
const FOUND = `
  SELECT ${FOUND_COLUMNS}
  FROM sessions s
  LEFT JOIN epochs realm ON realm.tag = ?
  LEFT JOIN epochs account ON account.tag = s.account_tag
  LEFT JOIN epochs user ON user.tag = s.user_tag`;

/** Without a tombstone and within its lifetimes at a time. What a revocation did to it is not asked. */
const LIVING = 'ended_at IS NULL AND (over_at IS NULL OR over_at > ?)';

const TOMBSTONE = `
  UPDATE sessions SET ended_at = ?, ended_by = ?, ended_reason = ?, ended_from = ? WHERE id = ? AND user_tag = ?`;

/** A version stays a whole number that JavaScript holds exactly. */
const MOVE = `version = (version + 1) % ${2 ** 53}`;

/** NULL is for ever, and the max of NULL and anything is NULL. */
const RAISE = 'keep_until = max(keep_until, ?)';

/** The statements of the store, prepared once. Parameters stand in the order of the question marks. */
export interface Statements {
  /** Record, version and `keepUntil` of a tag. */
  readonly epoch: RowQuery;
  /** Creates a record, or raises its `keepUntil` where it is there. */
  readonly keepEpoch: Command;
  readonly advance: Command;
  /** Moves a version, whatever it is. */
  readonly move: Command;
  /** Raises `keepUntil`. */
  readonly raise: Command;

  readonly find: RowQuery;
  readonly list: RowsQuery;
  /** Whether a session of this user has this hash and is living. */
  readonly isLive: RowQuery;
  readonly insert: Command;
  readonly touch: Command;
  readonly renew: Command;
  /** Another secret. */
  readonly rotate: Command;
  /** Writes a tombstone, whatever its lifetimes say. */
  readonly end: Command;
  /** Writes a tombstone, if it is living. */
  readonly endLiving: Command;

  /** The user behind a tag, among all who have sessions, and in which realm. */
  readonly nextUser: RowQuery;
  /** The same, among those who have sessions in an account. */
  readonly nextMember: RowQuery;
  /** Removes some sessions of a user. */
  readonly removeOf: Command;

  readonly pruneSessions: Command;
  readonly pruneEpochs: Command;
  /** Sessions that are never over by themselves. */
  readonly endless: RowsQuery;
  readonly remove: Command;
}

export function prepareStatements(database: Database): Statements {
  return {
    epoch: database.row('SELECT record, version, keep_until FROM epochs WHERE tag = ?'),
    keepEpoch: database.command(`
      INSERT INTO epochs (tag, record, version, keep_until) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET keep_until = max(keep_until, excluded.keep_until)`),
    advance: database.command(`UPDATE epochs SET record = ?, ${MOVE}, ${RAISE} WHERE tag = ?`),
    move: database.command(`UPDATE epochs SET ${MOVE} WHERE tag = ?`),
    raise: database.command(`UPDATE epochs SET ${RAISE} WHERE tag = ?`),

    find: database.row(`${FOUND} WHERE s.id = ?`),
    list: database.rows(`${FOUND}
      WHERE s.user_tag = ? AND (s.created_at, s.id) < (?, ?)
        AND (? OR s.account_tag = ?) AND (? OR (${LIVING}))
      ORDER BY s.created_at DESC, s.id DESC LIMIT ?`),
    isLive: database.row(`SELECT 1 FROM sessions WHERE id = ? AND user_tag = ? AND hash = ? AND ${LIVING}`),
    insert: database.command(`
      INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
      ON CONFLICT DO NOTHING`),
    touch: database.command(`
      UPDATE sessions SET last_used_at = ? WHERE id = ? AND user_tag = ? AND last_used_at < ? AND ${LIVING}`),
    renew: database.command(`
      UPDATE sessions SET hash = ?, serial = ?, account = ?, account_tag = ?, account_stamp = ?, member_stamp = ?,
        authenticated_at = ?, last_used_at = max(last_used_at, ?), expires_at = ?, idle = ?, amr = ?, attributes = ?
      WHERE id = ?`),
    rotate: database.command('UPDATE sessions SET hash = ?, serial = ? WHERE id = ?'),
    end: database.command(`${TOMBSTONE} AND (? OR account_tag IS ?) AND ended_at IS NULL`),
    endLiving: database.command(`${TOMBSTONE} AND ${LIVING}`),

    nextUser: database.row('SELECT user_tag, realm FROM sessions WHERE user_tag > ? ORDER BY user_tag LIMIT 1'),
    nextMember: database.row(`
      SELECT user_tag, realm FROM sessions WHERE account_tag = ? AND user_tag > ? ORDER BY user_tag LIMIT 1`),
    removeOf: database.command(`
      DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE user_tag = ? LIMIT ?)`),

    pruneSessions: database.command(`
      DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE over_at <= ? ORDER BY over_at LIMIT ?)`),
    pruneEpochs: database.command(`
      DELETE FROM epochs WHERE tag IN (SELECT tag FROM epochs WHERE keep_until < ? ORDER BY keep_until LIMIT ?)`),
    endless: database.rows(`${FOUND} WHERE s.over_at IS NULL AND s.id > ? ORDER BY s.id LIMIT ?`),
    remove: database.command('DELETE FROM sessions WHERE id = ?'),
  };
}
