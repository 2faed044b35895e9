import type { EpochCache, EpochRecord, FoundSession, SessionRecord, Tag } from '../../../src/adapter.ts';
import { SessionError } from '../../../src/index.ts';
import { foundOf } from '../sql/found.ts';
import { COLUMNS, recordOf, sessionOf, sharedRecordOf } from '../sql/session-rows.ts';
import type { Value } from '../sql/values.ts';
import type { PostgresRow } from './clients/client.ts';

/** Index of the realm's record in a row of `find`, after the session. */
export const REALM_RECORD: number = 1;
/** Index of the position of the reference in a row of `find`, if it was asked for several references. */
export const PLACE: number = 5;

/** Returns the session of a row with its records, or `null` for a row without a session. */
export function foundIn(epochs: EpochCache, row: PostgresRow, realm: EpochRecord | null): FoundSession | null {
  const [text, , account = null, user = null, member = null] = row as (string | null)[];
  // An outer join gives NULLs if there is no session; every session has an id.
  if (text === null || text === undefined || text.startsWith('(,')) return null;
  return foundOf(epochs, sessionIn(text), { user, account, member }, realm);
}

const place = (column: string): number => COLUMNS.indexOf(column);
const NUMBERS: readonly number[] = [
  ...['serial', 'created_at', 'authenticated_at', 'last_used_at', 'expires_at', 'idle', 'ended_at'].map(place),
];
const [SERIAL, CREATED_AT, AUTHENTICATED_AT] = [place('serial'), place('created_at'), place('authenticated_at')];
const [DEVICE, BROWSER, OS] = [place('device'), place('browser'), place('os')];

function sessionIn(text: string): SessionRecord {
  const row: Value[] = columnsOf(text);
  if (row.length !== COLUMNS.length) throw new Error('a session is malformed');
  for (const at of NUMBERS) row[at] &&= Number(row[at]);
  row[SERIAL] ??= 0;
  row[AUTHENTICATED_AT] ??= row[CREATED_AT] ?? null;
  row[DEVICE] ??= `${row[BROWSER]} on ${row[OS]}`;
  return sessionOf(row);
}

/**
 * Returns the sessions of a page. Only the first row has the records of the realm and the user. A row of NULLs is no
 * session.
 */
export function pageIn(epochs: EpochCache, rows: readonly PostgresRow[], realm: Tag): readonly FoundSession[] {
  const [, realmText, , userText] = rows[0] ?? [];
  const [realmRecord, userRecord] = [sharedRecordOf(epochs, realmText, realm), recordOf(userText)];
  return rows.flatMap((row) => {
    const found = foundIn(epochs, row, realmRecord);
    return found === null ? [] : { session: found.session, epochs: { ...found.epochs, user: userRecord } };
  });
}

export const allFoundIn = (epochs: EpochCache, rows: readonly PostgresRow[]): readonly FoundSession[] =>
  rows.flatMap((row) => foundIn(epochs, row, recordOf(row[REALM_RECORD])) ?? []);

const UNSAFE: Readonly<Record<number, string>> = {
  1: 'sessions were read from a replica, which may not know yet what was revoked: give the store a connection to the primary',
  2:
    'sessions were read in a transaction that began earlier (REPEATABLE READ or SERIALIZABLE), and so as they were then: ' +
    'give the store a client of its own, outside of any transaction',
};

const UNTOLD =
  'the answer does not tell whether it is of now, as every answer of Postgres does: see that the client gives rows as they come';

export const isEarlier = (row: PostgresRow | undefined): boolean => Number(row?.at(-1)) === 2;

/**
 * Checks that a row is reliable, by its last column.
 * @throws `SESSION_STORE_UNSAFE` if the row may be older than the query.
 */
export function checkReading(row: PostgresRow | undefined): void {
  const reading = String(row?.at(-1));
  if (reading === '0') return;
  throw new SessionError('SESSION_STORE_UNSAFE', UNSAFE[Number(reading)] ?? UNTOLD);
}

/** A column in a row's text, quoted or plain. An empty one is NULL. */
const COLUMN = /"((?:[^"]|"")*)"|([^",]*)/y;

const DOUBLED = /""|\\\\/g;

/** Splits a row such as `(a,"b c",,4)`, see the Postgres manual, "Composite Type Input and Output Syntax". */
export function columnsOf(row: string): (string | null)[] {
  const end = row.length - 1;
  if (row[0] !== '(' || row[end] !== ')') throw malformed();
  const inside = row.slice(1, end);
  const columns: (string | null)[] = [];
  for (let at = 0; at <= inside.length; at = COLUMN.lastIndex + 1) {
    COLUMN.lastIndex = at;
    const [, quoted, plain] = COLUMN.exec(inside) ?? [];
    if (quoted !== undefined) columns.push(quoted.replace(DOUBLED, (pair) => pair.charAt(0)));
    else columns.push(plain || null);
    if (COLUMN.lastIndex < inside.length && inside[COLUMN.lastIndex] !== ',') throw malformed();
  }
  return columns;
}

const malformed = (): Error => new Error('a row is malformed');
