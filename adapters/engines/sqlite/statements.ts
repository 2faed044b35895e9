import { COLUMNS } from '../sql/session-rows.ts';
import type { Database } from './connection.ts';
import type { Command, RowQuery, RowsQuery } from './prepared.ts';
import { FOUND_COLUMNS, LISTED_COLUMNS } from './rows.ts';

/** SQL for the tag of a session's membership, as `memberTag` makes it; NULL if the session is in no account. */
const MEMBER_TAG = "s.user_tag || '.' || s.account_tag";

/** Sessions with the records of account and membership. The page's realm and user are read separately. */
const listed = (index = ''): string => `
  SELECT ${LISTED_COLUMNS}
  FROM sessions s ${index}
  LEFT JOIN epochs account ON account.tag = s.account_tag
  LEFT JOIN epochs member ON member.tag = ${MEMBER_TAG}`;

/**
 * SQL for sessions and the records that decide on them, as `foundOf` expects. The first parameter is the realm's tag.
 */
const FOUND = `
  SELECT ${FOUND_COLUMNS}
  FROM sessions s
  LEFT JOIN epochs realm ON realm.tag = ?
  LEFT JOIN epochs account ON account.tag = s.account_tag
  LEFT JOIN epochs user ON user.tag = s.user_tag
  LEFT JOIN epochs member ON member.tag = ${MEMBER_TAG}`;

/** No tombstone, and within its lifetimes at a given time. Ignores revocations by epoch. */
const LIVING = 'ended_at IS NULL AND (over_at IS NULL OR over_at > ?)';

const TOMBSTONE = `
  UPDATE sessions SET ended_at = ?, ended_by = ?, ended_reason = ?, ended_from = ? WHERE id = ? AND user_tag = ?`;

/** The format of `generationsOf`, and of the index `sessions_living`. */
const GENERATION = "s.user_stamp || ' ' || ifnull(s.member_stamp, '')";

/** Wraps the version before it exceeds the integers that JavaScript represents exactly. */
const MOVE = `version = (version + 1) % ${2 ** 53}`;

/** NULL means forever, and max(NULL, x) is NULL. */
const RAISE = 'keep_until = max(keep_until, ?)';

/** Statements of the store, prepared once. Parameters are in the order of the question marks. */
export interface Statements {
  /** Record, version and `keepUntil` of a tag. */
  readonly epoch: RowQuery;
  /** Creates a record, or raises its `keepUntil` if it exists. */
  readonly keepEpoch: Command;
  readonly advance: Command;
  /** Increments a version unconditionally. */
  readonly move: Command;
  readonly raise: Command;

  readonly find: RowQuery;
  readonly list: RowsQuery;
  /** Like `list`, for living sessions of one generation. The index skips sessions of other generations. */
  readonly listBorn: RowsQuery;
  /** Returns a row if a session of this user has this credential and is living. */
  readonly isLive: RowQuery;
  readonly insert: Command;
  readonly touch: Command;
  readonly renew: Command;
  readonly rotate: Command;
  /** Writes a tombstone, even past its lifetimes, if the session's last use was no later than a given time. */
  readonly end: Command;
  /** Writes a tombstone if the session is living. */
  readonly endLiving: Command;

  /** The next user after a tag among all users with sessions, with its realm. */
  readonly nextUser: RowQuery;
  /** The next user after a tag among the users with sessions in an account, with its realm. */
  readonly nextMember: RowQuery;
  /** Tags between two strings, both exclusive, in byte order. */
  readonly tagsBetween: RowsQuery;
  readonly removeOf: Command;

  readonly pruneSessions: Command;
  readonly pruneEpochs: Command;
  /** Sessions that never expire. */
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
    list: database.rows(`${listed()}
      WHERE s.user_tag = ? AND (s.created_at, s.id) < (?, ?)
        AND (? OR s.account_tag IS ?) AND (? OR (${LIVING}))
        AND (? IS NULL OR s.user_stamp IN (SELECT value FROM json_each(?)))
        AND (? IS NULL OR s.member_stamp IN (SELECT value FROM json_each(?)))
      ORDER BY s.created_at DESC, s.id DESC LIMIT ?`),
    listBorn: database.rows(`${listed('INDEXED BY sessions_living')}
      WHERE s.user_tag = ? AND ${GENERATION} = ? AND ${LIVING}
        AND s.account_tag IS ? AND (s.created_at, s.id) < (?, ?)
      ORDER BY s.created_at DESC, s.id DESC LIMIT ?`),
    isLive: database.row(`SELECT 1 FROM sessions WHERE id = ? AND user_tag = ? AND credential = ? AND ${LIVING}`),
    insert: database.command(`
      INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
      ON CONFLICT DO NOTHING`),
    touch: database.command(`
      UPDATE sessions SET last_used_at = ? WHERE id = ? AND user_tag = ? AND last_used_at < ? AND ${LIVING}`),
    renew: database.command(`
      UPDATE sessions SET credential = ?, serial = ?, account = ?, account_tag = ?, account_stamp = ?, member_stamp = ?,
        authenticated_at = ?, last_used_at = max(last_used_at, ?), expires_at = ?, idle = ?, amr = ?, attributes = ?,
        client = ?
      WHERE id = ?`),
    rotate: database.command('UPDATE sessions SET credential = ?, serial = ? WHERE id = ?'),
    end: database.command(`${TOMBSTONE} AND (? OR account_tag IS ?) AND ended_at IS NULL AND last_used_at <= ?`),
    endLiving: database.command(`${TOMBSTONE} AND ${LIVING}`),

    nextUser: database.row('SELECT user_tag, realm FROM sessions WHERE user_tag > ? ORDER BY user_tag LIMIT 1'),
    nextMember: database.row(`
      SELECT user_tag, realm FROM sessions WHERE account_tag = ? AND user_tag > ? ORDER BY user_tag LIMIT 1`),
    tagsBetween: database.rows('SELECT tag FROM epochs WHERE tag > ? AND tag < ? ORDER BY tag LIMIT ?'),
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
