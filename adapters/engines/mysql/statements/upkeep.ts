import type { Tables } from '../names.ts';
import { marks } from '../values.ts';
import { found, judged, records } from './fragments.ts';

export interface UpkeepStatements {
  /** Selects tags of users, in order. Each tag comes with the column `born` of one session of its user. */
  readonly users: string;
  readonly members: string;
  /** Selects tags between two strings, both exclusive, in byte order. */
  readonly tagsBetween: string;
  readonly idsOf: string;

  /** Selects and locks sessions that are due for removal. Skips sessions that other transactions have locked. */
  readonly dueSessions: string;
  readonly dueEpochs: string;
  readonly endless: string;
  records(count: number): string;
  removeSessions(count: number): string;
  removeEpochs(count: number): string;
}

export function upkeepStatementsOf(tables: Tables): UpkeepStatements {
  const { sessions, epochs } = tables;
  return {
    users: tagsOf(tables, 'of_user', ''),
    members: tagsOf(tables, 'of_account', 'account_tag = ? AND'),
    tagsBetween: `SELECT tag FROM ${epochs} WHERE tag > ? AND tag < ? ORDER BY tag LIMIT ?`,
    idsOf: `SELECT id FROM ${sessions} FORCE INDEX (of_user) WHERE user_tag = ? ORDER BY created_at, id LIMIT ? FOR UPDATE`,

    dueSessions: `SELECT id FROM ${sessions} WHERE over_at <= ? ORDER BY over_at LIMIT ? FOR UPDATE SKIP LOCKED`,
    dueEpochs: `SELECT tag FROM ${epochs} WHERE keep_until < ? ORDER BY keep_until LIMIT ? FOR UPDATE SKIP LOCKED`,
    endless: `${found(tables)} JOIN ${sessions} s ON TRUE ${judged(tables)} WHERE s.over_at IS NULL AND s.id > ? ORDER BY s.id LIMIT ?`,
    records: (count) => records(tables, count),
    removeSessions: (count) => `DELETE FROM ${sessions} WHERE id IN (${marks(count)})`,
    removeEpochs: (count) => `DELETE FROM ${epochs} WHERE tag IN (${marks(count)})`,
  };
}

/** Selects the tags of users after a given tag. Visits only as many rows as these users have sessions. */
const tagsOf = ({ sessions }: Tables, index: string, where: string): string => `
  SELECT t.user_tag, (SELECT born FROM ${sessions} s WHERE s.user_tag = t.user_tag LIMIT 1)
  FROM (
    SELECT DISTINCT user_tag FROM ${sessions} FORCE INDEX (${index}) WHERE ${where} user_tag > ?
    ORDER BY user_tag LIMIT ?
  ) t ORDER BY t.user_tag`;
