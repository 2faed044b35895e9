import { ENTRY_COLUMNS } from '../../sql/audit-rows.ts';
import { COLUMNS } from '../../sql/session-rows.ts';
import type { Tables } from '../names.ts';

/** Converts a parameter to a number. Numbers go as text, so that every client sends them in the same way. */
export const number = (parameter: string): string => `${parameter}::text::bigint`;

/** Condition: the row is the session with this id. Only the hash of the id has an index, see the schema. */
export const isSession = (row: string, id: string): string =>
  `${row}.key = hashtextextended(${id}, 0) AND ${row}.id = ${id}`;

export const isOfUser = (row: string, tag: string): string =>
  `hashtextextended(${row}.user_tag, 0) = hashtextextended(${tag}, 0) AND ${row}.user_tag = ${tag}`;

/** Condition: the session has no tombstone, and has not expired at a given time. Ignores revocations by epoch. */
export const isLiving = (row: string, now: string): string => `
  ${row}.ended_at IS NULL
  AND (${row}.expires_at IS NULL OR ${row}.expires_at > ${now})
  AND (${row}.idle IS NULL OR ${row}.last_used_at + ${row}.idle > ${now})`;

/** The key of a user's generation in the index `sessions_living`: a hash of the user and the two stamps. */
export const generationKey = (user: string, userStamp: string, memberStamp: string): string =>
  `hashtextextended((${user} || ' ' || ${userStamp} || ' ' || coalesce(${memberStamp}, '')) COLLATE "C", 0)`;

/** When a session is over by itself; NULL means never. `least` ignores NULLs. */
export const endOf = (row: string): string =>
  `coalesce(${row}.ended_at, least(${row}.expires_at, ${row}.last_used_at + ${row}.idle))`;

/**
 * The column `due` counts time in windows of 2^18 ms, about four minutes. A use leaves `due` unchanged and so writes no
 * index. Pruning moves `due` later.
 */
const WINDOW_BITS = 18;
const LAST_WINDOW = 2 ** 31 - 1;

export const windowOf = (at: number | null): number | null =>
  at === null ? null : Math.min(Math.floor(at / 2 ** WINDOW_BITS), LAST_WINDOW);

/** Returns the window of a time that is not NULL. */
export const inWindow = (at: string): string => `least((${at}) >> ${WINDOW_BITS}, ${LAST_WINDOW})::integer`;

/**
 * The next version of a record. Wraps the version before it exceeds the integers that JavaScript represents exactly.
 */
export const MOVED: string = `(e.version + 1) % ${2 ** 53}`;

/** The higher of `keep_until` and a given time. NULL means forever. */
export const raised = (until: string): string =>
  `CASE WHEN e.keep_until IS NULL OR ${until} IS NULL THEN NULL ELSE greatest(e.keep_until, ${until}) END`;

export const isRaised = (until: string): string =>
  `(e.keep_until IS NOT NULL AND (${until} IS NULL OR ${until} > e.keep_until))`;

const columns: readonly string[] = COLUMNS.map((column) => `s."${column}"`);

/**
 * A column that tells whether the result is reliable: 1 for a replica, 2 for an older snapshot. `checkReading` reads
 * it.
 */
export const READING = `
  CASE WHEN pg_is_in_recovery() THEN 1
    WHEN statement_timestamp() - transaction_timestamp() > interval '100 milliseconds'
      AND current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN 2
    ELSE 0 END AS reading`;

/**
 * Columns of a session with its records. The session is the text of a row. Clients read it a third faster than columns,
 * and the server builds it a third faster than a JSON array.
 */
export const foundColumns = (realm: string): string => `
  ROW(${columns.join(', ')})::text AS session,
  ${realm} AS realm_record, a.record AS account_record, u.record AS user_record, m.record AS member_record`;

/**
 * Columns of a session in a list of one user. `$1` is the realm's tag, `$2` the user's. Only the first row has the
 * records of the realm and the user.
 */
export const listedColumns = ({ epochs }: Tables): string => {
  const first = (tag: string): string =>
    `CASE row_number() OVER (ORDER BY s.created_at DESC, s.id DESC) WHEN 1 THEN (SELECT e.record FROM ${epochs} e WHERE e.tag = ${tag}) END`;
  return `
  ROW(${columns.join(', ')})::text AS session,
  ${first('$1')} AS realm_record, a.record AS account_record, ${first('$2')} AS user_record,
  m.record AS member_record`;
};

/** The tag of a membership, as `memberTag` makes it; NULL if there is no account. */
export const memberTagOf = (user: string, account: string): string => `${user} || '.' || ${account}`;

export const withAccount = ({ epochs }: Tables): string => `
  LEFT JOIN ${epochs} a ON a.tag = s.account_tag
  LEFT JOIN ${epochs} m ON m.tag = ${memberTagOf('s.user_tag', 's.account_tag')}`;

export const withRecords = (tables: Tables): string => `${withAccount(tables)}
  LEFT JOIN ${tables.epochs} u ON u.tag = s.user_tag`;

/** Condition: the record of a membership exists. Also true if there is no account. */
export const hasMembership = (
  { epochs }: Tables,
  { user, account }: { readonly user: string; readonly account: string },
): string => `
  (${account}::text IS NULL OR EXISTS (
    SELECT FROM ${epochs} m WHERE m.tag = ${memberTagOf(`${user}::text`, `${account}::text`)}))`;

export const keptMembership = (
  { epochs }: Tables,
  { user, account }: { readonly user: string; readonly account: string },
  until: string,
  condition: string,
): string => `
  kept AS (
    UPDATE ${epochs} e SET keep_until = ${raised(until)}
    WHERE e.tag = ${memberTagOf(`${user}::text`, `${account}::text`)} AND ${condition} AND ${isRaised(until)})`;

/**
 * A CTE that locks the user's record first. Other writers to the user wait here, and then see this statement's changes.
 */
export const lockedEpoch = ({ epochs }: Tables, tag: string): string => `
  epoch AS MATERIALIZED (SELECT e.version FROM ${epochs} e WHERE e.tag = ${tag} FOR NO KEY UPDATE)`;

/** A condition that is always true. Evaluating it waits for the lock of `lockedEpoch`. */
export const IN_TURN = '(SELECT count(*) FROM epoch) >= 0';

/** A CTE that ends the sessions in `$n` (see `endingsOf`). It is called `ended` and has the rows that it ended. */
export const endOthers = ({ sessions }: Tables, endings: string, tag: string, condition: string): string => `
  ended AS (
    UPDATE ${sessions} s
    SET ended_at = o.at, ended_by = o.by, ended_reason = o.reason, ended_from = o.origin, due = least(s.due, o.due)
    FROM json_to_recordset(${endings}::text::json)
      AS o(id text, at bigint, by text, reason text, origin text, due integer)
    WHERE ${isSession('s', 'o.id')} AND s.user_tag = ${tag} AND ${condition} AND ${isLiving('s', 'o.at')}
    RETURNING s.id)`;

const AUDIT_COLUMNS: readonly string[] = [
  ...['realm_tag', 'user_tag', 'account_tag', 'actor_tag', 'keep_until'],
  ...ENTRY_COLUMNS,
].map((column) => `"${column}"`);

export const entryColumns: string = ENTRY_COLUMNS.map((column) => `l."${column}"`).join(', ');

const typeOf = (column: string): string => (['"keep_until"', '"at"'].includes(column) ? 'bigint' : 'text');

/** CTEs that write the entries in `$n` (see `entriesOf`) and queue their messages. Skips entries that exist. */
export const log = ({ audit, outbox }: Tables, entries: string, condition: string): string => `
  logged AS (
    INSERT INTO ${audit} (${AUDIT_COLUMNS.join(', ')})
    SELECT ${AUDIT_COLUMNS.map((column) => `l.${column}`).join(', ')}
    FROM json_to_recordset(${entries}::text::json)
      AS l(${AUDIT_COLUMNS.map((column) => `${column} ${typeOf(column)}`).join(', ')}, ending text)
    WHERE ${condition}
    ON CONFLICT DO NOTHING RETURNING id, realm_tag, at, keep_until),
  queued AS (
    INSERT INTO ${outbox} (realm_tag, queue, id, at, keep_until, body, state)
    SELECT n.realm_tag, q.queue, n.id, n.at, n.keep_until, m.body, ''
    FROM logged n
    JOIN ROWS FROM (json_to_recordset(${entries}::text::json) AS (id text, body text, queues text[]))
      WITH ORDINALITY AS m(id, body, queues, place) ON m.id = n.id
    CROSS JOIN LATERAL unnest(m.queues) AS q(queue)
    ORDER BY m.place)`;

/** A CTE that records that a tag has changed. */
export const tell = ({ changes }: Tables, tag: string, condition: string): string => `
  told AS (INSERT INTO ${changes} (tag) SELECT ${tag}::text WHERE ${condition})`;

export const ENTRY_NAMES: readonly string[] = AUDIT_COLUMNS.map((column) => column.slice(1, -1));
