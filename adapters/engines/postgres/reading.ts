import { type FoundSession, Recent, SessionError, type SessionRecord } from '../../../src/index.ts';
import type { Row } from '../sql/row.ts';
import { recordOf, sessionOf } from '../sql/session-row.ts';
import type { PostgresRow } from './client.ts';

/** Where the text of the realm's record stands in a row of `find`, behind the session. */
export const REALM_RECORD: number = 1;
const ACCOUNT_RECORD = 2;
const USER_RECORD = 3;
/** Where it stands whether the row can be relied on. */
const READING = 4;
/** Where the place of the reference stands, of several. */
export const PLACE: number = 5;

/**
 * The session of a row as `foundColumns` gives it, with its records; `null` where there is none. `realm` is the text of the
 * realm's record.
 */
export function foundIn(row: PostgresRow, realm: unknown = row[REALM_RECORD]): FoundSession | null {
  const session = sessionIn(row[0] as string);
  if (session === null) return null;
  const epochs = {
    realm: recordOf(realm),
    account: recordOf(row[ACCOUNT_RECORD], session.accountTag),
    user: recordOf(row[USER_RECORD], session.userTag),
  };
  return { session, epochs };
}

/** Of a session that is read again and again, nothing has changed but, once a minute, its last use. */
const SESSIONS = new Recent<SessionRecord>(8192, 2048);

function sessionIn(text: string): SessionRecord | null {
  const known = SESSIONS.get(text);
  if (known !== undefined) return known;
  const row: Row = JSON.parse(text);
  // An outer join gives NULLs.
  return row[0] === null ? null : SESSIONS.put(text, sessionOf(row));
}

/** The sessions of rows; one of NULLs has none. */
export const allFoundIn = (rows: readonly PostgresRow[]): readonly FoundSession[] =>
  rows.flatMap((row) => foundIn(row) ?? []);

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
