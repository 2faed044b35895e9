import { COLUMNS } from '../../sql/session-rows.ts';
import type { Database } from '../connection.ts';
import type { Command, RowQuery, RowsQuery } from '../prepared.ts';
import { FOUND, GENERATION, LIVING, listed, MOVE, RAISE } from './fragments.ts';

const TOMBSTONE = `
  UPDATE sessions SET ended_at = ?, ended_by = ?, ended_reason = ?, ended_from = ? WHERE id = ? AND user_tag = ?`;

export interface VerbStatements {
  /** Selects record, version and `keepUntil` of a tag. */
  readonly epoch: RowQuery;
  /** Creates a record, or raises its `keepUntil` if it exists. */
  readonly keepEpoch: Command;
  readonly advance: Command;
  readonly move: Command;
  readonly raise: Command;

  readonly find: RowQuery;
  readonly list: RowsQuery;
  /** Like `list`, for living sessions of one generation. The index skips all others. */
  readonly listBorn: RowsQuery;
  /** Returns a row if a session of this user has this credential and is living. */
  readonly isLive: RowQuery;
  readonly insert: Command;
  readonly touch: Command;
  readonly renew: Command;
  readonly rotate: Command;
  /** Writes the tombstone of a session, even if it has expired. Does nothing if it was used after a given time. */
  readonly end: Command;
  readonly endLiving: Command;
}

export const verbStatementsOf = (database: Database): VerbStatements => ({
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
});
