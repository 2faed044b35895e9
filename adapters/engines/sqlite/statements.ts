import type { Database } from './database.ts';
import { COLUMNS } from './row.ts';
import type { Command, RowQuery, RowsQuery } from './statement.ts';

/** Sessions and the records that each is judged by, as `foundOf` takes them. Its first parameter is the realm's tag. */
const FOUND = `
  SELECT ${COLUMNS.map((column) => `s.${column}`).join(', ')}, realm.record AS realm_record,
    account.record AS account_record, user.record AS user_record
  FROM sessions s
  LEFT JOIN epochs realm ON realm.tag = ?
  LEFT JOIN epochs account ON account.tag = s.account_tag
  LEFT JOIN epochs user ON user.tag = s.user_tag`;

/** Without a tombstone and within its lifetimes at a time. What a revocation did to it is not asked. */
const LIVING = 'ended_at IS NULL AND (over_at IS NULL OR over_at > ?)';

const TOMBSTONE = 'UPDATE sessions SET ended_at = ?, ended_by = ?, ended_reason = ? WHERE id = ? AND user_tag = ?';

/** A version stays a whole number that JavaScript holds exactly. */
const MOVE = `version = (version + 1) % ${2 ** 53}`;

/** NULL is for ever, and the max of NULL and anything is NULL. */
const RAISE = 'keep_until = max(keep_until, ?)';

const ROW = {
  epoch: 'SELECT record, version, keep_until FROM epochs WHERE tag = ?',

  find: `${FOUND} WHERE s.id = ?`,

  isLive: `SELECT 1 FROM sessions WHERE id = ? AND user_tag = ? AND hash = ? AND ${LIVING}`,
} as const;

const ROWS = {
  list: `${FOUND}
    WHERE s.user_tag = ? AND (s.created_at, s.id) < (?, ?)
      AND (? OR s.account_tag = ?) AND (? OR (${LIVING}))
    ORDER BY s.created_at DESC, s.id DESC LIMIT ?`,

  endless: `${FOUND} WHERE s.over_at IS NULL AND s.id > ? ORDER BY s.id LIMIT ?`,
} as const;

const COMMANDS = {
  keepEpoch: `
    INSERT INTO epochs (tag, record, version, keep_until) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET keep_until = max(keep_until, excluded.keep_until)`,

  insert: `
    INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
    ON CONFLICT DO NOTHING`,

  touch: `UPDATE sessions SET last_used_at = ? WHERE id = ? AND user_tag = ? AND last_used_at < ? AND ${LIVING}`,

  renew: `
    UPDATE sessions SET hash = ?, serial = ?, account = ?, account_tag = ?, account_stamp = ?, member_stamp = ?,
      authenticated_at = ?, last_used_at = max(last_used_at, ?), expires_at = ?, idle = ?, amr = ?, attributes = ?
    WHERE id = ?`,

  rotate: 'UPDATE sessions SET hash = ?, serial = ? WHERE id = ?',

  /** Whatever its lifetimes say. */
  end: `${TOMBSTONE} AND (? OR account_tag IS ?) AND ended_at IS NULL`,

  endLiving: `${TOMBSTONE} AND ${LIVING}`,

  advance: `UPDATE epochs SET record = ?, ${MOVE}, ${RAISE} WHERE tag = ?`,
  move: `UPDATE epochs SET ${MOVE} WHERE tag = ?`,
  raise: `UPDATE epochs SET ${RAISE} WHERE tag = ?`,

  pruneSessions: `
    DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE over_at <= ? ORDER BY over_at LIMIT ?)`,

  pruneEpochs: `
    DELETE FROM epochs WHERE tag IN (SELECT tag FROM epochs WHERE keep_until < ? ORDER BY keep_until LIMIT ?)`,

  remove: 'DELETE FROM sessions WHERE id = ?',
} as const;

type Prepared<Texts, Statement> = { readonly [Name in keyof Texts]: Statement };

/** The statements of the store, prepared once. */
export type Statements = Prepared<typeof ROW, RowQuery> &
  Prepared<typeof ROWS, RowsQuery> &
  Prepared<typeof COMMANDS, Command>;

export function prepareStatements(database: Database): Statements {
  return {
    ...prepareAll(ROW, (sql) => database.row(sql)),
    ...prepareAll(ROWS, (sql) => database.rows(sql)),
    ...prepareAll(COMMANDS, (sql) => database.command(sql)),
  };
}

function prepareAll<Texts extends Record<string, string>, Statement>(
  texts: Texts,
  prepare: (sql: string) => Statement,
): Prepared<Texts, Statement> {
  const prepared = Object.entries(texts).map(([name, sql]) => [name, prepare(sql)]);
  return Object.fromEntries(prepared) as Prepared<Texts, Statement>;
}
