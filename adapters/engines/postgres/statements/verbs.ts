import { COLUMNS } from '../../sql/session-rows.ts';
import type { Tables } from '../names.ts';
import type { StatementText } from '../prepared.ts';
import {
  endOthers,
  foundColumns,
  generationKey,
  hasMembership,
  IN_TURN,
  isLiving,
  isOfUser,
  isRaised,
  isSession,
  keptMembership,
  listedColumns,
  lockedEpoch,
  log,
  MOVED,
  number,
  READING,
  raised,
  tell,
  withAccount,
  withRecords,
} from './fragments.ts';

export type VerbStatement =
  | 'readEpochs'
  | 'keepEpochs'
  | 'add'
  | 'findOne'
  | 'findMany'
  | 'list'
  | 'listBorn'
  | 'touch'
  | 'renew'
  | 'end'
  | 'advance'
  | 'advanceFor'
  | 'advanceMember'
  | 'advanceMemberFor';

/**
 * Statements of the store methods, one for each. Only a single statement is atomic with every client, through any
 * proxy, and within the caller's transaction.
 *
 * Under READ COMMITTED, a statement sees the state committed before it began. Each condition is therefore evaluated
 * again once the row is locked. This happens only in the conditions of an UPDATE or of a SELECT … FOR UPDATE. Other
 * parts of a statement test the outcome by an uncorrelated EXISTS, which is evaluated once.
 */
export const VERB_STATEMENTS: Readonly<Record<VerbStatement, StatementText>> = {
  /** Reads records. A missing record gives NULLs after its tag. Parameter: tags, each once. */
  readEpochs: ({ epochs }: Tables) => `
    SELECT o.tag, e.record, e.version, e.keep_until, ${READING}
    -- A sub-select: see findMany.
    FROM unnest((SELECT $1::text[])) AS o(tag) LEFT JOIN ${epochs} e ON e.tag = o.tag`,

  /** Creates missing records, and raises `keep_until` of the others. Locks all of them until the transaction ends. */
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

  /**
   * Adds a session. A taken id is an error. Parameters: the session by COLUMNS; its window; endings, entries, version,
   * `keep_until`.
   */
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
        AND ${hasMembership(tables, { user: `${parameter.user_tag}`, account: `${parameter.account_tag}` })}
      RETURNING e.tag),
    added AS (
      INSERT INTO ${sessions} (key, due, ${columns})
      SELECT hashtextextended($1::text, 0), ${due}::text::integer, ${values.join(', ')} FROM moved
      RETURNING 1),
    ${endOthers(tables, `${endings}`, `${parameter.user_tag}`, 'EXISTS (SELECT FROM added)')},
    ${keptMembership(
      tables,
      { user: `${parameter.user_tag}`, account: `${parameter.account_tag}` },
      number(`${until}`),
      'EXISTS (SELECT FROM added)',
    )},
    ${log(tables, `${entries}`, IF_DONE('added'))},
    ${tell(tables, `${parameter.user_tag}`, 'EXISTS (SELECT FROM ended)')}
    SELECT count(*) AS added FROM added`;
  },

  /** Looks up one session, or returns a row of NULLs. Parameters: the realm's tag, an id. */
  findOne: (tables: Tables) => `
    SELECT ${foundColumns('r.record')}, ${READING}
    FROM (SELECT) AS one
    LEFT JOIN ${tables.epochs} r ON r.tag = $1
    LEFT JOIN ${tables.sessions} s ON ${isSession('s', '$2::text')}
    ${withRecords(tables)}`,

  /**
   * Looks up several sessions. Parameters: the realm's tag, ids. Each row has the position of its id. Only the first
   * row has the record of the realm.
   */
  findMany: (tables: Tables) => `
    SELECT ${foundColumns(`CASE o.place WHEN 1 THEN (SELECT r.record FROM ${tables.epochs} r WHERE r.tag = $1) END`)},
      o.place, ${READING}
    -- A sub-select: the planner does not see how many there are, and so makes one plan for any number.
    FROM unnest((SELECT $2::text[])) WITH ORDINALITY AS o(id, place)
    LEFT JOIN ${tables.sessions} s ON ${isSession('s', 'o.id')}
    ${withRecords(tables)}`,

  /**
   * A page of a user's sessions, or a row of NULLs: every result shows whether it is reliable. Parameters: the tags of
   * the realm and the user; the place to start after (`created_at`, `id`); the limit; the account or NULL; 1 for any
   * account, else 0; now, or NULL to include sessions that are over; the stamps of the user and of the member, each an
   * array or NULL.
   */
  list: (tables: Tables) =>
    page(
      tables,
      `${isOfUser('s', '$2::text')}
        AND ($7::text = '1' OR s.account_tag IS NOT DISTINCT FROM $6::text)
        AND ($8::text IS NULL OR (${isLiving('s', number('$8'))}))
        AND ($9::text[] IS NULL OR s.user_stamp = ANY ($9::text[]))
        AND ($10::text[] IS NULL OR s.member_stamp = ANY ($10::text[]))`,
    ),

  /**
   * Like `list`, by an index on generations, for living sessions. Parameters after the limit: account or NULL; now; the
   * generations.
   */
  listBorn: (tables: Tables) =>
    page(
      tables,
      `${generationKey('s.user_tag', 's.user_stamp', 's.member_stamp')} = ANY (ARRAY(
          SELECT hashtextextended(($2::text || ' ' || o.born) COLLATE "C", 0)
          FROM unnest((SELECT $8::text[])) AS o(born)))
        AND s.user_tag = $2::text AND s.user_stamp || ' ' || coalesce(s.member_stamp, '') = ANY ($8::text[])
        AND s.account_tag IS NOT DISTINCT FROM $6::text AND ${isLiving('s', number('$7'))}`,
    ),

  /**
   * Records uses of sessions. Returns the positions of uses whose session is locked. Never waits for a lock, because an
   * app's transaction that locks a session must not occupy connections. Parameters: ids, tags of users, times, now;
   * each id once.
   */
  touch: ({ sessions }: Tables) => `
    WITH used AS MATERIALIZED (
      SELECT s.key, o.at, o.place
      FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]::bigint[]))
        WITH ORDINALITY AS o(id, user_tag, at, place)
      JOIN ${sessions} s ON ${isSession('s', 'o.id')} AND s.user_tag = o.user_tag
      WHERE s.last_used_at < o.at AND ${isLiving('s', `greatest(o.at, ${number('$4')})`)}),
    free AS MATERIALIZED (
      SELECT s.key FROM ${sessions} s
      WHERE s.key = ANY (ARRAY(SELECT used.key FROM used)) FOR NO KEY UPDATE SKIP LOCKED),
    touched AS (
      UPDATE ${sessions} s SET last_used_at = used.at FROM used
      WHERE s.key = used.key AND used.key IN (SELECT free.key FROM free)
        AND s.last_used_at < used.at AND ${isLiving('s', `greatest(used.at, ${number('$4')})`)})
    SELECT used.place FROM used WHERE used.key NOT IN (SELECT free.key FROM free)`,

  /**
   * Renews a session. Parameters: id, user's tag, the credential that was judged, now, version or NULL, 1 if the
   * version increases, else 0, endings, entries, `keep_until`, window; then the new values, in the order of RENEWED.
   * Returns how many sessions were renewed, whether the version matched, and whether the session was living when the
   * statement began.
   */
  renew: (tables: Tables) => {
    const { sessions, epochs } = tables;
    const isJudged = `${isSession('s', '$1::text')} AND s.user_tag = $2::text AND s.credential = $3::text
        AND ${isLiving('s', number('$4'))}`;
    const isVersion = `
      (coalesce((SELECT $5::text IS NULL OR epoch.version = ${number('$5')} FROM epoch), $5::text IS NULL)
        AND ($5::text IS NULL OR ${hasMembership(tables, { user: '$2', account: RENEWED_ACCOUNT })}))`;
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
    ${keptMembership(tables, { user: '$2', account: RENEWED_ACCOUNT }, number('$9'), 'EXISTS (SELECT FROM renewed)')},
    moved AS (
      UPDATE ${epochs} e
      SET version = CASE $6::text WHEN '1' THEN ${MOVED} ELSE e.version END, keep_until = ${raised(number('$9'))}
      WHERE e.tag = $2 AND EXISTS (SELECT FROM renewed) AND ($6::text = '1' OR ${isRaised(number('$9'))})),
    ${log(tables, '$8', IF_DONE('renewed'))},
    ${tell(tables, '$2', 'EXISTS (SELECT FROM renewed)')}
    SELECT (SELECT count(*) FROM renewed) AS renewed, (${isVersion})::integer AS matched,
      (SELECT count(*) FROM ${sessions} s WHERE ${isJudged}) AS living`;
  },

  /**
   * Ends a session. Parameters: id, user's tag, 1 for any account else 0, account or NULL; tombstone; window; entries;
   * latest use.
   */
  end: (tables: Tables) => `
    WITH ${lockedEpoch(tables, '$2')},
    ended AS (
      UPDATE ${tables.sessions} s
      SET ended_at = ${number('$5')}, ended_by = $6, ended_reason = $7, ended_from = $8,
        due = least(s.due, $9::text::integer)
      WHERE ${isSession('s', '$1::text')} AND s.user_tag = $2 AND s.ended_at IS NULL
        AND ($3::text = '1' OR s.account_tag IS NOT DISTINCT FROM $4::text)
        AND ($11::text IS NULL OR s.last_used_at <= ${number('$11')}) AND ${IN_TURN}
      RETURNING s.id),
    moved AS (
      UPDATE ${tables.epochs} e SET version = ${MOVED} WHERE e.tag = $2 AND EXISTS (SELECT FROM ended)),
    ${log(tables, '$10', 'EXISTS (SELECT FROM ended)')},
    ${tell(tables, '$2', 'EXISTS (SELECT FROM ended)')}
    SELECT count(*) AS ended FROM ended`,

  /** Advances a record. Parameters: tag, version, record, `keep_until`, entries. */
  advance: (tables: Tables) => `
    WITH advanced AS (
      UPDATE ${tables.epochs} e SET record = $3::text, version = ${MOVED}, keep_until = ${raised(number('$4'))}
      WHERE e.tag = $1 AND e.version = ${number('$2')}
      RETURNING e.tag),
    ${log(tables, '$5', 'EXISTS (SELECT FROM advanced)')},
    ${tell(tables, '$1', 'EXISTS (SELECT FROM advanced)')}
    SELECT count(*) AS matched, count(*) AS advanced FROM advanced`,

  /**
   * Like `advance`, on behalf of a session, whose secret it rotates. More parameters: the session's id, the credential
   * that was judged, now, the new credential, the serial.
   */
  advanceFor: (tables: Tables) => {
    const { epochs } = tables;
    return `
    WITH epoch AS MATERIALIZED (
      SELECT e.tag FROM ${epochs} e WHERE e.tag = $1 AND e.version = ${number('$2')} FOR NO KEY UPDATE),
    ${initiatorIn(tables, '(SELECT epoch.tag FROM epoch)', 6)},
    advanced AS (
      UPDATE ${epochs} e SET record = $3::text, version = ${MOVED}, keep_until = ${raised(number('$4'))}
      WHERE e.tag = $1 AND EXISTS (SELECT FROM initiator)
      RETURNING e.tag),
    ${log(tables, '$5', 'EXISTS (SELECT FROM advanced)')},
    ${tell(tables, '$1', 'EXISTS (SELECT FROM advanced)')}
    SELECT (SELECT count(*) FROM epoch) AS matched, (SELECT count(*) FROM advanced) AS advanced`;
  },
  /** Like `advance`, for a membership of the user. More parameters: the membership's tag, its version or NULL. */
  advanceMember: (tables: Tables) => advanceMembership(tables, ''),

  /** Like `advanceMember`, on behalf of a session. Further parameters as for `advanceFor`. */
  advanceMemberFor: (tables: Tables) =>
    advanceMembership(
      tables,
      `${initiatorIn(tables, '(SELECT epoch.tag FROM epoch WHERE EXISTS (SELECT FROM member))', 8)},`,
    ),
};

/**
 * CTEs that find and lock the initiator's session and rotate its secret. `user` is SQL for the user's tag, and gives
 * NULL if nothing must be done. `first` is the number of the first of five parameters.
 */
function initiatorIn({ sessions }: Tables, user: string, first: number): string {
  const [id, ifCredential, now, credential, serial] = [0, 1, 2, 3, 4].map((more) => `$${first + more}`);
  return `
    initiator AS MATERIALIZED (
      SELECT s.key FROM ${sessions} s
      WHERE ${isSession('s', `${id}::text`)} AND s.user_tag = ${user} AND s.credential = ${ifCredential}::text
        AND ${isLiving('s', number(`${now}`))}
      FOR NO KEY UPDATE),
    rotated AS (
      UPDATE ${sessions} s SET credential = ${credential}::text, serial = nullif(${number(`${serial}`)}, 0)
      WHERE s.key = (SELECT initiator.key FROM initiator))`;
}

/**
 * Advances the record of a membership. Locks the user's record first, so that writers to the user's memberships queue.
 * `initiator` is SQL for the CTEs of `initiatorIn`, or empty.
 */
const advanceMembership = (tables: Tables, initiator: string): string => {
  const { epochs } = tables;
  return `
    WITH epoch AS MATERIALIZED (
      SELECT e.tag FROM ${epochs} e WHERE e.tag = $1 AND e.version = ${number('$2')} FOR NO KEY UPDATE),
    member AS MATERIALIZED (
      SELECT e.tag FROM ${epochs} e
      WHERE e.tag = $6 AND ($7::text IS NULL OR e.version = ${number('$7')}) AND EXISTS (SELECT FROM epoch)
      FOR NO KEY UPDATE),${initiator}
    moved AS (
      UPDATE ${epochs} e SET version = ${MOVED}, keep_until = ${raised(number('$4'))}
      WHERE e.tag = $1 AND EXISTS (SELECT FROM ${initiator === '' ? 'member' : 'initiator'})
      RETURNING e.tag),
    advanced AS (
      UPDATE ${epochs} e SET record = $3::text, version = ${MOVED}, keep_until = ${raised(number('$4'))}
      WHERE e.tag = $6 AND EXISTS (SELECT FROM moved)
      RETURNING e.tag),
    ${log(tables, '$5', 'EXISTS (SELECT FROM advanced)')},
    ${tell(tables, '$1', 'EXISTS (SELECT FROM advanced)')}
    SELECT (SELECT count(*) FROM member) AS matched, (SELECT count(*) FROM advanced) AS advanced`;
};

const page = (tables: Tables, condition: string): string => `
    SELECT ${listedColumns(tables)}, ${READING}
    FROM (SELECT) AS one
    LEFT JOIN LATERAL (
      SELECT s.* FROM ${tables.sessions} s
      WHERE ${condition}
        AND s.created_at <= ${number('$3')} AND (s.created_at < ${number('$3')} OR s.id < $4::text)
      ORDER BY s.created_at DESC, s.id DESC LIMIT ${number('$5')}) s ON true
    ${withAccount(tables)}
    ORDER BY s.created_at DESC, s.id DESC`;

/**
 * Condition for an audit entry. The entry of an ending needs that ending to have taken effect. Any other entry needs
 * the method to have taken effect.
 */
const IF_DONE = (done: string): string => `
      CASE WHEN l.ending IS NULL THEN EXISTS (SELECT FROM ${done}) ELSE l.ending IN (SELECT ended.id FROM ended) END`;

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

export const RENEWED: readonly string[] = [
  ...['credential', 'serial', 'account', 'account_tag', 'account_stamp', 'member_stamp'],
  ...['authenticated_at', 'last_used_at', 'expires_at', 'idle', 'amr', 'attributes', 'client'],
];

const RENEWED_ACCOUNT = `$${RENEWED.indexOf('account_tag') + 11}`;

const RENEWED_VALUES: Readonly<Record<string, (parameter: string) => string>> = {
  serial: (serial) => `nullif(${number(serial)}, 0)`,
  authenticated_at: (at) => `nullif(${number(at)}, s.created_at)`,
  last_used_at: (at) => `greatest(s.last_used_at, ${number(at)})`,
  expires_at: number,
  idle: number,
};
