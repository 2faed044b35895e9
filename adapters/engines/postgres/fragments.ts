import { ENTRY_COLUMNS } from '../sql/audit-row.ts';
import { COLUMNS } from '../sql/session-row.ts';
import type { Tables } from './tables.ts';

/** A number that comes as text: so every client sends it alike, whatever it takes JavaScript's numbers for. */
export const number = (parameter: string): string => `${parameter}::text::bigint`;

/** A session by its id. The id's own text has no index: see the schema. */
export const isSession = (row: string, id: string): string =>
  `${row}.key = hashtextextended(${id}, 0) AND ${row}.id = ${id}`;

/** The sessions of a user. */
export const isOfUser = (row: string, tag: string): string =>
  `hashtextextended(${row}.user_tag, 0) = hashtextextended(${tag}, 0) AND ${row}.user_tag = ${tag}`;

/** Without a tombstone and within its lifetimes at a time. What a revocation did to it is not asked. */
export const isLiving = (row: string, now: string): string => `
  ${row}.ended_at IS NULL
  AND (${row}.expires_at IS NULL OR ${row}.expires_at > ${now})
  AND (${row}.idle IS NULL OR ${row}.last_used_at + ${row}.idle > ${now})`;

/** When a session is over by itself; NULL is never. `least` passes NULLs by. */
export const overAt = (row: string): string =>
  `coalesce(${row}.ended_at, least(${row}.expires_at, ${row}.last_used_at + ${row}.idle))`;

/**
 * The column `due` counts in windows of 2^18 ms, four minutes: of one window, the index keeps the value once. A use leaves
 * it alone, so that it writes no index.
 */
const WINDOW_BITS = 18;
const LAST_WINDOW = 2 ** 31 - 1;

/** The window of a time, for `due`. */
export const windowOf = (at: number | null): number | null =>
  at === null ? null : Math.min(Math.floor(at / 2 ** WINDOW_BITS), LAST_WINDOW);

/** The same in SQL, for a time that is not NULL. */
export const inWindow = (at: string): string => `least((${at}) >> ${WINDOW_BITS}, ${LAST_WINDOW})::integer`;

/** A version stays a whole number that JavaScript holds exactly. */
export const MOVED: string = `(e.version + 1) % ${2 ** 53}`;

/** The greater of two times of which NULL is for ever. */
export const raised = (until: string): string =>
  `CASE WHEN e.keep_until IS NULL OR ${until} IS NULL THEN NULL ELSE greatest(e.keep_until, ${until}) END`;

/** Whether that changes anything. */
export const isRaised = (until: string): string =>
  `(e.keep_until IS NOT NULL AND (${until} IS NULL OR ${until} > e.keep_until))`;

const columns: readonly string[] = COLUMNS.map((column) => `s."${column}"`);

/** Whether what is read here can be relied on, as `checkReading` takes it. It costs less than a microsecond. */
export const READING = `
  CASE WHEN pg_is_in_recovery() THEN 1
    WHEN statement_timestamp() - transaction_timestamp() > interval '100 milliseconds'
      AND current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN 2
    ELSE 0 END AS reading`;

/**
 * A session and the records that it is judged by, as `foundIn` takes them; the realm's is `realm`. The session comes as the
 * text of a row: clients take a third less time for it than for as many columns, and the server for an array of JSON.
 */
export const foundColumns = (realm: string): string => `
  ROW(${columns.join(', ')})::text AS session,
  ${realm} AS realm_record, a.record AS account_record, u.record AS user_record`;

/** The records of a session's account and user. */
export const withRecords = ({ epochs }: Tables): string => `
  LEFT JOIN ${epochs} a ON a.tag = s.account_tag
  LEFT JOIN ${epochs} u ON u.tag = s.user_tag`;

/** The user's record, locked first of all: whoever writes to the same user waits here, and sees what the other one did. */
export const lockedEpoch = ({ epochs }: Tables, tag: string): string => `
  epoch AS MATERIALIZED (SELECT e.version FROM ${epochs} e WHERE e.tag = ${tag} FOR NO KEY UPDATE)`;

/** Always true; whoever is asked for it waits for the lock. */
export const IN_TURN = '(SELECT count(*) FROM epoch) >= 0';

/**
 * Ends other sessions of a user, those of `$n` (see `endingsOf`) that are living, if `condition` holds. The rows that it
 * ended are `ended`.
 */
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

/** The columns of an entry, as `entryOf` takes them. */
export const entryColumns: string = ENTRY_COLUMNS.map((column) => `l."${column}"`).join(', ');

const typeOf = (column: string): string => (['"keep_until"', '"at"'].includes(column) ? 'bigint' : 'text');

/** Writes the entries of `$n` (see `entriesOf`), each if `condition` holds. An entry that is there already is passed by. */
export const log = ({ audit }: Tables, entries: string, condition: string): string => `
  logged AS (
    INSERT INTO ${audit} (${AUDIT_COLUMNS.join(', ')})
    SELECT ${AUDIT_COLUMNS.map((column) => `l.${column}`).join(', ')}
    FROM json_to_recordset(${entries}::text::json)
      AS l(${AUDIT_COLUMNS.map((column) => `${column} ${typeOf(column)}`).join(', ')}, ending text)
    WHERE ${condition}
    ON CONFLICT DO NOTHING)`;

/** The names that the entries of `$n` have their values under. */
export const ENTRY_NAMES: readonly string[] = AUDIT_COLUMNS.map((column) => column.slice(1, -1));
