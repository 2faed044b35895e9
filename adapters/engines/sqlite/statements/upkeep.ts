import type { Database } from '../connection.ts';
import type { Command, RowQuery, RowsQuery } from '../prepared.ts';
import { FOUND } from './fragments.ts';

export interface UpkeepStatements {
  /** Selects the next user after a tag, with the user's realm. */
  readonly nextUser: RowQuery;
  /** Like `nextUser`, among the users with sessions in an account. */
  readonly nextMember: RowQuery;
  /** Selects tags between two strings, both exclusive, in byte order. */
  readonly tagsBetween: RowsQuery;
  readonly removeOf: Command;

  readonly pruneSessions: Command;
  readonly pruneEpochs: Command;
  readonly endless: RowsQuery;
  readonly remove: Command;
}

export const upkeepStatementsOf = (database: Database): UpkeepStatements => ({
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
});
