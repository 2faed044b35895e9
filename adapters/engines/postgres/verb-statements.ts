import { COLUMNS } from '../sql/session-row.ts';
import {
  endOthers,
  foundColumns,
  IN_TURN,
  isLiving,
  isOfUser,
  isRaised,
  isSession,
  lockedEpoch,
  log,
  MOVED,
  number,
  READING,
  raised,
  withRecords,
} from './fragments.ts';
import type { StatementText } from './prepared.ts';
import type { Tables } from './tables.ts';

/** What the verbs of a sign-in, a check and a revocation ask. */
export type VerbStatement =
  | 'readEpochs'
  | 'keepEpochs'
  | 'add'
  | 'findOne'
  | 'findMany'
  | 'list'
  | 'touch'
  | 'renew'
  | 'end'
  | 'advance'
  | 'advanceFor';

/**
 * The statements of the verbs, one each: a statement is the only step that is atomic with every client, through any proxy,
 * and within the caller's transaction.
 *
 * Under READ COMMITTED a statement sees what was committed before it began. What it decides by is therefore looked at again
 * once the lock is had: in the conditions of an UPDATE, or of a SELECT … FOR UPDATE, and nowhere else. What hangs on
 * another part of the statement asks that by an uncorrelated EXISTS, which is answered once.
 */
export const VERB_STATEMENTS: Readonly<Record<VerbStatement, StatementText>> = {
  /** Records by tags, each once; NULLs for what is not there. */
  readEpochs: ({ epochs }: Tables) => `
    SELECT o.tag, e.record, e.version, e.keep_until, ${READING}
    -- A sub-select: see findMany.
    FROM unnest((SELECT $1::text[])) AS o(tag) LEFT JOIN ${epochs} e ON e.tag = o.tag`,

  /** The same, creating what is missing, raising `keep_until`, and locking all of them until the transaction is over. */
  keepEpochs: ({ epochs }: Tables) => `
    WITH kept AS (
      INSERT INTO ${epochs} AS e (tag, record, version, keep_until)
      SELECT o.tag, o.record, o.version, o.keep_until
      FROM json_to_recordset($1::text::json) AS o(tag text, record text, version bigint, keep_until bigint)
      -- In one order, so that no two of these wait for each other.
      ORDER BY o.tag COLLATE "C"
      ON CONFLICT (tag) DO UPDATE SET keep_until = ${raised('excluded.keep_until')}
      RETURNING e.tag, e.record, e.version, e.keep_until)
    SELECT tag, record, version, keep_until FROM kept`,

  /** Parameters: the session by COLUMNS; its window; endings, entries, version, `keep_until`. An id that is taken is an error. */
  add: (tables: Tables) => {
    const { sessions, epochs } = tables;
    const parameter = Object.fromEntries(COLUMNS.map((column, at) => [column, `$${at + 1}`]));
    const values = COLUMNS.map((column, at) => SESSION_VALUES[column]?.(parameter) ?? `$${at + 1}::text`);
    const [due, endings, entries, version, until] = [1, 2, 3, 4, 5].map((more) => `$${COLUMNS.length + more}`);
    const columns = COLUMNS.map((column) => `"${column}"`).join(', ');
    return `
    WITH moved AS (
      UPDATE ${epochs} e SET version = ${MOVED}, keep_until = ${raised(number(`${until}`))}
      WHERE e.tag = ${parameter.user_tag} AND (${version}::text IS NULL OR e.version = ${number(`${version}`)})
      RETURNING e.tag),
    added AS (
      INSERT INTO ${sessions} (key, due, ${columns})
      SELECT hashtextextended($1::text, 0), ${due}::text::integer, ${values.join(', ')} FROM moved
      RETURNING 1),
    ${endOthers(tables, `${endings}`, `${parameter.user_tag}`, 'EXISTS (SELECT FROM added)')},
    ${log(tables, `${entries}`, IF_DONE('added'))}
    SELECT count(*) AS added FROM added`;
  },

  /** One session, or a row of NULLs. Parameters: the realm's tag, an id. */
  findOne: (tables: Tables) => `
    SELECT ${foundColumns('r.record')}, ${READING}
    FROM (SELECT) AS one
    LEFT JOIN ${tables.epochs} r ON r.tag = $1
    LEFT JOIN ${tables.sessions} s ON ${isSession('s', '$2::text')}
    ${withRecords(tables)}`,

  /** The same for an array of ids, each with its place in it. The record of the realm comes with the first one only. */
  findMany: (tables: Tables) => `
    SELECT ${foundColumns(`CASE o.place WHEN 1 THEN (SELECT r.record FROM ${tables.epochs} r WHERE r.tag = $1) END`)},
      ${READING}, o.place
    -- A sub-select: the planner does not see how many there are, and so makes one plan for any number.
    FROM unnest((SELECT $2::text[])) WITH ORDINALITY AS o(id, place)
    LEFT JOIN ${tables.sessions} s ON ${isSession('s', 'o.id')}
    ${withRecords(tables)}`,

  /**
   * A page, or a row of NULLs: an answer always tells whether it can be relied on. Parameters: the realm's tag, the user's; a
   * place (`created_at`, `id`); account or NULL; now or NULL; limit.
   */
  list: (tables: Tables) => `
    SELECT ${foundColumns('r.record')}, ${READING}
    FROM (SELECT) AS one
    LEFT JOIN LATERAL (
      SELECT s.* FROM ${tables.sessions} s
      WHERE ${isOfUser('s', '$2::text')}
        AND s.created_at <= ${number('$3')} AND (s.created_at < ${number('$3')} OR s.id < $4::text)
        AND ($5::text IS NULL OR s.account_tag = $5::text)
        AND ($6::text IS NULL OR (${isLiving('s', number('$6'))}))
      ORDER BY s.created_at DESC, s.id DESC LIMIT ${number('$7')}) s ON true
    LEFT JOIN ${tables.epochs} r ON r.tag = $1
    ${withRecords(tables)}
    ORDER BY s.created_at DESC, s.id DESC`,

  /**
   * Notes uses, and gives the places of those that were locked by somebody else. Nobody waits here: a transaction of the
   * app's that holds a session must not tie up connections. Parameters: ids, tags of users, times; an id once.
   */
  touch: ({ sessions }: Tables) => `
    WITH used AS MATERIALIZED (
      SELECT s.key, o.at, o.place
      FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]::bigint[]))
        WITH ORDINALITY AS o(id, user_tag, at, place)
      JOIN ${sessions} s ON ${isSession('s', 'o.id')} AND s.user_tag = o.user_tag
      WHERE s.last_used_at < o.at AND ${isLiving('s', 'o.at')}),
    free AS MATERIALIZED (
      SELECT s.key FROM ${sessions} s
      WHERE s.key = ANY (ARRAY(SELECT used.key FROM used)) FOR NO KEY UPDATE SKIP LOCKED),
    touched AS (
      UPDATE ${sessions} s SET last_used_at = used.at FROM used
      WHERE s.key = used.key AND used.key IN (SELECT free.key FROM free)
        AND s.last_used_at < used.at AND ${isLiving('s', 'used.at')})
    SELECT used.place FROM used WHERE used.key NOT IN (SELECT free.key FROM free)`,

  /**
   * Parameters: id, user's tag, the hash that was judged, now, version or NULL, 1 where the version moves and else 0,
   * endings, entries, `keep_until`, window; and then what is written, in the order of RENEWED. Gives how many were renewed,
   * whether the version is the one, and whether the session was living when the statement began.
   */
  renew: (tables: Tables) => {
    const { sessions, epochs } = tables;
    const isJudged = `${isSession('s', '$1::text')} AND s.user_tag = $2::text AND s.hash = $3::text
        AND ${isLiving('s', number('$4'))}`;
    const isVersion = `
      coalesce((SELECT $5::text IS NULL OR epoch.version = ${number('$5')} FROM epoch), $5::text IS NULL)`;
    const written = RENEWED.map(
      (column, at) => `"${column}" = ${RENEWED_VALUES[column]?.(`$${at + 11}`) ?? `$${at + 11}::text`}`,
    );
    return `
    WITH ${lockedEpoch(tables, '$2')},
    renewed AS (
      UPDATE ${sessions} s SET due = $10::text::integer, ${written.join(', ')}
      WHERE ${isJudged} AND ${isVersion}
      RETURNING s.id),
    ${endOthers(tables, '$7', '$2', 'EXISTS (SELECT FROM renewed)')},
    moved AS (
      UPDATE ${epochs} e
      SET version = CASE $6::text WHEN '1' THEN ${MOVED} ELSE e.version END, keep_until = ${raised(number('$9'))}
      WHERE e.tag = $2 AND EXISTS (SELECT FROM renewed) AND ($6::text = '1' OR ${isRaised(number('$9'))})),
    ${log(tables, '$8', IF_DONE('renewed'))}
    SELECT (SELECT count(*) FROM renewed) AS renewed, (${isVersion})::integer AS matched,
      (SELECT count(*) FROM ${sessions} s WHERE ${isJudged}) AS living`;
  },

  /** Parameters: id, user's tag, 1 where any account will do and else 0, account or NULL; tombstone; window; entries. */
  end: (tables: Tables) => `
    WITH ${lockedEpoch(tables, '$2')},
    ended AS (
      UPDATE ${tables.sessions} s
      SET ended_at = ${number('$5')}, ended_by = $6, ended_reason = $7, ended_from = $8,
        due = least(s.due, $9::text::integer)
      WHERE ${isSession('s', '$1::text')} AND s.user_tag = $2 AND s.ended_at IS NULL
        AND ($3::text = '1' OR s.account_tag IS NOT DISTINCT FROM $4::text) AND ${IN_TURN}
      RETURNING s.id),
    moved AS (
      UPDATE ${tables.epochs} e SET version = ${MOVED} WHERE e.tag = $2 AND EXISTS (SELECT FROM ended)),
    ${log(tables, '$10', 'EXISTS (SELECT FROM ended)')}
    SELECT count(*) AS ended FROM ended`,

  /** Parameters: tag, version, record, `keep_until`, entries. */
  advance: (tables: Tables) => `
    WITH advanced AS (
      UPDATE ${tables.epochs} e SET record = $3::text, version = ${MOVED}, keep_until = ${raised(number('$4'))}
      WHERE e.tag = $1 AND e.version = ${number('$2')}
      RETURNING e.tag),
    ${log(tables, '$5', 'EXISTS (SELECT FROM advanced)')}
    SELECT count(*) AS matched, count(*) AS advanced FROM advanced`,

  /** The same in the name of a session. More parameters: its id, the hash that was judged, now, the new hash, serial. */
  advanceFor: (tables: Tables) => {
    const { sessions, epochs } = tables;
    return `
    WITH epoch AS MATERIALIZED (
      SELECT e.tag FROM ${epochs} e WHERE e.tag = $1 AND e.version = ${number('$2')} FOR NO KEY UPDATE),
    asker AS MATERIALIZED (
      SELECT s.key FROM ${sessions} s
      WHERE ${isSession('s', '$6::text')} AND s.user_tag = (SELECT epoch.tag FROM epoch) AND s.hash = $7::text
        AND ${isLiving('s', number('$8'))}
      FOR NO KEY UPDATE),
    rotated AS (
      UPDATE ${sessions} s SET hash = $9::text, serial = nullif(${number('$10')}, 0) WHERE s.key = (SELECT asker.key FROM asker)),
    advanced AS (
      UPDATE ${epochs} e SET record = $3::text, version = ${MOVED}, keep_until = ${raised(number('$4'))}
      WHERE e.tag = $1 AND EXISTS (SELECT FROM asker)
      RETURNING e.tag),
    ${log(tables, '$5', 'EXISTS (SELECT FROM advanced)')}
    SELECT (SELECT count(*) FROM epoch) AS matched, (SELECT count(*) FROM advanced) AS advanced`;
  },
};

/** The condition of an entry: of an ending, where it ended something; of the verb itself, where it did something. */
const IF_DONE = (done: string): string => `
      CASE WHEN l.ending IS NULL THEN EXISTS (SELECT FROM ${done}) ELSE l.ending IN (SELECT ended.id FROM ended) END`;

/** How a column of a new session is made of the parameters, where it is not a text as it comes. */
const SESSION_VALUES: Readonly<Record<string, (parameter: Readonly<Record<string, string>>) => string>> = {
  ...Object.fromEntries(
    ['created_at', 'last_used_at', 'expires_at', 'idle', 'ended_at'].map((column) => [
      column,
      (parameter: Readonly<Record<string, string>>) => number(`${parameter[column]}`),
    ]),
  ),
  serial: (of) => `nullif(${number(`${of.serial}`)}, 0)`,
  authenticated_at: (of) => `nullif(${number(`${of.authenticated_at}`)}, ${number(`${of.created_at}`)})`,
  device: (of) => `nullif(${of.device}::text, ${of.browser}::text || ' on ' || ${of.os}::text)`,
};

/** What a renewal writes. */
export const RENEWED: readonly string[] = [
  ...['hash', 'serial', 'account', 'account_tag', 'account_stamp', 'member_stamp'],
  ...['authenticated_at', 'last_used_at', 'expires_at', 'idle', 'amr', 'attributes'],
];

const RENEWED_VALUES: Readonly<Record<string, (parameter: string) => string>> = {
  serial: (serial) => `nullif(${number(serial)}, 0)`,
  authenticated_at: (at) => `nullif(${number(at)}, s.created_at)`,
  last_used_at: (at) => `greatest(s.last_used_at, ${number(at)})`,
  expires_at: number,
  idle: number,
};
