import type { Tables } from '../names.ts';
import type { StatementText } from '../prepared.ts';
import {
  endOf,
  foundColumns,
  IN_TURN,
  inWindow,
  isOfUser,
  isSession,
  lockedEpoch,
  MOVED,
  number,
  tell,
  withRecords,
} from './fragments.ts';

export type UpkeepStatement =
  | 'removeOf'
  | 'prune'
  | 'endless'
  | 'removeEndless'
  | 'users'
  | 'members'
  | 'tagsBetween'
  | 'realms';

export const UPKEEP_STATEMENTS: Readonly<Record<UpkeepStatement, StatementText>> = {
  /** Removes sessions of a user. Parameters: the user's tag, the limit. */
  removeOf: (tables: Tables) => `
    WITH ${lockedEpoch(tables, '$1')},
    removed AS (
      DELETE FROM ${tables.sessions} d
      WHERE ${IN_TURN} AND d.key = ANY (ARRAY(
        SELECT s.key FROM ${tables.sessions} s WHERE ${isOfUser('s', '$1::text')} LIMIT ${number('$2')} FOR UPDATE))
      RETURNING d.key),
    moved AS (
      UPDATE ${tables.epochs} e SET version = ${MOVED} WHERE e.tag = $1 AND EXISTS (SELECT FROM removed)),
    ${tell(tables, '$1', 'EXISTS (SELECT FROM removed)')}
    SELECT count(*) AS removed FROM removed`,

  /**
   * Removes due sessions and records, in the order in which they became due. Postpones sessions that were used since.
   * Parameters: a time for sessions, a time for records, the limit. Returns how many sessions were visited, and how
   * many sessions and records were removed.
   */
  prune: ({ sessions, epochs, changes }: Tables) => `
    WITH due AS MATERIALIZED (
      SELECT s.key, ${endOf('s')} AS over_at FROM ${sessions} s
      WHERE s.due <= ${inWindow(number('$1'))}
        AND (${endOf('s')} <= ${number('$1')} OR s.due < ${inWindow(endOf('s'))})
      ORDER BY s.due LIMIT ${number('$3')} FOR UPDATE SKIP LOCKED),
    removed AS (
      DELETE FROM ${sessions} d
      WHERE d.key = ANY (ARRAY(SELECT due.key FROM due WHERE due.over_at <= ${number('$1')}))
      RETURNING d.key),
    put_off AS (
      UPDATE ${sessions} s SET due = ${inWindow(endOf('s'))}
      WHERE s.key = ANY (ARRAY(SELECT due.key FROM due WHERE due.over_at > ${number('$1')}))),
    forgotten AS (
      DELETE FROM ${epochs} d
      WHERE d.tag = ANY (ARRAY(
        SELECT e.tag FROM ${epochs} e WHERE e.keep_until < ${number('$2')}
        ORDER BY e.keep_until LIMIT ${number('$3')} - (SELECT count(*) FROM due) FOR UPDATE SKIP LOCKED))
      RETURNING d.tag),
    told AS (INSERT INTO ${changes} (tag) SELECT forgotten.tag FROM forgotten)
    SELECT (SELECT count(*) FROM due) AS looked_at, (SELECT count(*) FROM removed) AS sessions,
      (SELECT count(*) FROM forgotten) AS epochs`,

  /** Selects sessions that never expire, by id. Parameters: the id after which to start, the limit. */
  endless: (tables: Tables) => `
    SELECT ${foundColumns('NULL::text')} FROM ${tables.sessions} s ${withRecords(tables)}
    WHERE s.due IS NULL AND s.id > $1::text ORDER BY s.id LIMIT ${number('$2')}`,

  /** Removes sessions that never expire. Sessions that have changed stay. Parameters: ids, credentials. */
  removeEndless: ({ sessions }: Tables) => `
    WITH removed AS (
      DELETE FROM ${sessions} s USING unnest((SELECT $1::text[]), (SELECT $2::text[])) AS o(id, credential)
      WHERE ${isSession('s', 'o.id')} AND s.credential = o.credential AND s.due IS NULL
      RETURNING s.key)
    SELECT count(*) AS removed FROM removed`,

  /**
   * Lists users by the hash of their tag. Goes from hash to hash, so the time does not depend on the number of
   * sessions. Parameters: the realm; the hash to start after, or NULL; the limit. Returns hashes, each with its user if
   * the user has sessions in the realm.
   */
  users: ({ sessions }: Tables) => walk(`${sessions} s WHERE true`, `${sessions} s WHERE s.realm = $1::text`),
  /** Like `users`, for sessions in an account. One more parameter: the account's tag. */
  members: ({ sessions }: Tables) => {
    const inAccount = 'hashtextextended(s.account_tag, 0) = hashtextextended($4::text, 0) AND s.account_tag = $4::text';
    return walk(`${sessions} s WHERE ${inAccount}`, `${sessions} s WHERE ${inAccount} AND s.realm = $1::text`);
  },

  /** Selects tags in byte order. Parameters: two texts between which they lie, both exclusive; the limit. */
  tagsBetween: ({ epochs }: Tables) => `
    SELECT e.tag FROM ${epochs} e WHERE e.tag > $1 AND e.tag < $2 ORDER BY e.tag LIMIT ${number('$3')}`,

  /** Realms of the users with the lowest tag hashes, each with its number of users. Parameter: the limit. */
  realms: ({ sessions }: Tables) => `
    WITH RECURSIVE steps AS (
      (SELECT ${USER} AS hash, s.realm, 1 AS step FROM ${sessions} s ORDER BY ${USER} LIMIT 1)
      UNION ALL
      SELECT next.hash, next.realm, steps.step + 1 FROM steps, LATERAL (
        SELECT ${USER} AS hash, s.realm FROM ${sessions} s WHERE ${USER} > steps.hash ORDER BY ${USER} LIMIT 1) next
      WHERE steps.step < ${number('$1')})
    SELECT steps.realm, count(*) AS users FROM steps GROUP BY steps.realm`,
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
