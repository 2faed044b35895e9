import {
  type EpochRecord,
  type FoundSession,
  LastFoundById,
  SessionError,
  type SessionRecord,
} from '../../../src/index.ts';
import type { Value } from '../sql/row.ts';
import { COLUMNS, recordOf, sessionOf } from '../sql/session-row.ts';
import type { PostgresRow } from './client.ts';
import { columnsOf } from './row-text.ts';

/** Where the text of the realm's record stands in a row of `find`, behind the session. */
export const REALM_RECORD: number = 1;
/** Where it stands whether the row can be relied on. */
const READING = 4;
/** Where the place of the reference stands, of several. */
export const PLACE: number = 5;

/** Sessions that were found of late, by their ids. */
const FOUND = new LastFoundById();

/**
 * The session of a row as `foundColumns` gives it, with its records; `null` where there is none. `id` is what was asked for,
 * where that is known.
 */
export function foundIn(row: PostgresRow, realm: EpochRecord | null, id?: string): FoundSession | null {
  const [session, , account, user] = row as (string | null)[];
  // An outer join gives NULLs, and no session is without its id.
  if (session === null || session === undefined || session.startsWith('(,')) return null;
  const [userText, accountText] = [user ?? null, account ?? null];
  if (id === undefined) return read(session, userText, accountText, realm);
  const last = FOUND.of(id);
  return (
    last.get(session, userText, accountText, realm) ??
    last.set(session, userText, accountText, read(session, userText, accountText, realm))
  );
}

function read(text: string, user: string | null, account: string | null, realm: EpochRecord | null): FoundSession {
  const session = sessionIn(text);
  return {
    session,
    epochs: { realm, account: recordOf(account, session.accountTag), user: recordOf(user, session.userTag) },
  };
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
  // What goes without saying is NULL.
  row[SERIAL] ??= 0;
  row[AUTHENTICATED_AT] ??= row[CREATED_AT] ?? null;
  row[DEVICE] ??= `${row[BROWSER]} on ${row[OS]}`;
  return sessionOf(row);
}

/** The sessions of rows; one of NULLs has none. */
export const allFoundIn = (rows: readonly PostgresRow[]): readonly FoundSession[] =>
  rows.flatMap((row) => foundIn(row, recordOf(row[REALM_RECORD])) ?? []);

const UNSAFE: Readonly<Record<number, string>> = {
  1: 'sessions were read from a replica, which may not know yet what was revoked: give the store a connection to the primary',
  2:
    'sessions were read in a transaction that began earlier (REPEATABLE READ or SERIALIZABLE), and so as they were then: ' +
    'give the store a client of its own, outside of any transaction',
};

const UNTOLD =
  'the answer does not tell whether it is of now, as every answer of Postgres does: see that the client gives rows as they come';

/** Whether it was read as of an earlier moment. */
export const isEarlier = (row: PostgresRow | undefined): boolean => Number(row?.[READING]) === 2;

/** @throws `SESSION_STORE_UNSAFE` where what was read may be older than the question, or nothing tells that it is not. */
export function checkReading(row: PostgresRow | undefined): void {
  const reading = String(row?.[READING]);
  if (reading === '0') return;
  throw new SessionError('SESSION_STORE_UNSAFE', UNSAFE[Number(reading)] ?? UNTOLD);
}
