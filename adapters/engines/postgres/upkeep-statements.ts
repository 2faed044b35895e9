import {
  foundColumns,
  IN_TURN,
  inWindow,
  isOfUser,
  isSession,
  lockedEpoch,
  MOVED,
  number,
  overAt,
  withRecords,
} from './fragments.ts';
import type { StatementText } from './prepared.ts';
import type { Tables } from './tables.ts';

/** What administration and pruning ask. */
export type UpkeepStatement = 'remove' | 'prune' | 'endless' | 'removeEndless' | 'users' | 'members';

/** The statements of administration and pruning, one for each step. */
export const UPKEEP_STATEMENTS: Readonly<Record<UpkeepStatement, StatementText>> = {
  /** A user's sessions. Parameters: the tag, the most. */
  remove: (tables: Tables) => `
    WITH ${lockedEpoch(tables, '$1')},
    removed AS (
      DELETE FROM ${tables.sessions} d
      WHERE ${IN_TURN} AND d.key = ANY (ARRAY(
        SELECT s.key FROM ${tables.sessions} s WHERE ${isOfUser('s', '$1::text')} LIMIT ${number('$2')} FOR UPDATE))
      RETURNING d.key),
    moved AS (
      UPDATE ${tables.epochs} e SET version = ${MOVED} WHERE e.tag = $1 AND EXISTS (SELECT FROM removed))
    SELECT count(*) AS removed FROM removed`,

  /**
   * Removes sessions that are over and records that nobody needs, in the order in which they came to be due; what others
   * have locked is left to them. Sessions that were used since they were due are put off. Parameters: the two times, the
   * most. Gives how many were looked at, and how many sessions and records are gone.
   */
  prune: ({ sessions, epochs }: Tables) => `
    WITH due AS MATERIALIZED (
      SELECT s.key, ${overAt('s')} AS over_at FROM ${sessions} s
      WHERE s.due <= ${inWindow(number('$1'))}
        AND (${overAt('s')} <= ${number('$1')} OR s.due < ${inWindow(overAt('s'))})
      ORDER BY s.due LIMIT ${number('$3')} FOR UPDATE SKIP LOCKED),
    removed AS (
      DELETE FROM ${sessions} d
      WHERE d.key = ANY (ARRAY(SELECT due.key FROM due WHERE due.over_at <= ${number('$1')}))
      RETURNING d.key),
    put_off AS (
      UPDATE ${sessions} s SET due = ${inWindow(overAt('s'))}
      WHERE s.key = ANY (ARRAY(SELECT due.key FROM due WHERE due.over_at > ${number('$1')}))),
    forgotten AS (
      DELETE FROM ${epochs} d
      WHERE d.tag = ANY (ARRAY(
        SELECT e.tag FROM ${epochs} e WHERE e.keep_until < ${number('$2')}
        ORDER BY e.keep_until LIMIT ${number('$3')} - (SELECT count(*) FROM due) FOR UPDATE SKIP LOCKED))
      RETURNING d.tag)
    SELECT (SELECT count(*) FROM due) AS looked_at, (SELECT count(*) FROM removed) AS sessions,
      (SELECT count(*) FROM forgotten) AS epochs`,

  /** Sessions that are never over by themselves. Parameters: the id that they come after, the most. */
  endless: (tables: Tables) => `
    SELECT ${foundColumns('NULL::text')} FROM ${tables.sessions} s ${withRecords(tables)}
    WHERE s.due IS NULL AND s.id > $1::text ORDER BY s.id LIMIT ${number('$2')}`,

  /** Removes some of them, where they are what they were. Parameters: ids, hashes. */
  removeEndless: ({ sessions }: Tables) => `
    WITH removed AS (
      DELETE FROM ${sessions} s USING unnest((SELECT $1::text[]), (SELECT $2::text[])) AS o(id, hash)
      WHERE ${isSession('s', 'o.id')} AND s.hash = o.hash AND s.due IS NULL
      RETURNING s.key)
    SELECT count(*) AS removed FROM removed`,

  /**
   * Users who have sessions in a realm, from hash to hash of their tags, whatever the number of sessions of each. Parameters:
   * realm; the hash that they come after, or NULL; the most. Gives hashes, and with each the users behind it: one, or none.
   */
  users: ({ sessions }: Tables) => walk(`${sessions} s WHERE true`, `${sessions} s WHERE s.realm = $1::text`),
  /** The same in an account. Another parameter: its tag. */
  members: ({ sessions }: Tables) => {
    const inAccount = 'hashtextextended(s.account_tag, 0) = hashtextextended($4::text, 0) AND s.account_tag = $4::text';
    return walk(`${sessions} s WHERE ${inAccount}`, `${sessions} s WHERE ${inAccount} AND s.realm = $1::text`);
  },
};

const USER = 'hashtextextended(s.user_tag, 0)';

const walk = (all: string, wanted: string): string => `
    WITH RECURSIVE steps AS (
      (SELECT ${USER} AS hash, 1 AS step FROM ${all} AND ($2::text IS NULL OR ${USER} > ${number('$2')})
        ORDER BY ${USER} LIMIT 1)
      UNION ALL
      SELECT (SELECT ${USER} FROM ${all} AND ${USER} > steps.hash ORDER BY ${USER} LIMIT 1), steps.step + 1
      FROM steps WHERE steps.hash IS NOT NULL AND steps.step < ${number('$3')})
    SELECT steps.hash, o.user_tag FROM steps
    LEFT JOIN LATERAL (SELECT DISTINCT s.user_tag FROM ${wanted} AND ${USER} = steps.hash) o ON true
    WHERE steps.hash IS NOT NULL ORDER BY steps.hash`;
