import { isSessionError, SessionError, type SessionErrorCode } from '../../../src/index.ts';

const SET_UP = 'call await sessions.setup() with rights to create tables, or apply the schema with your migration tool';
const RIGHTS =
  'the server refuses: check the user and the password, and the rights to SELECT, INSERT, UPDATE and DELETE; setup() also ' +
  'needs CREATE and ALTER';
const READ_ONLY = 'the server only reads: it may be a replica, or have been the primary; sessions need the primary';

const MEANINGS: Readonly<Record<number, readonly [SessionErrorCode, string]>> = {
  // No database selected, no such database, no such table.
  1046: ['SESSION_STORE_NOT_SET_UP', `the client is connected to no database: name one in its URL, then ${SET_UP}`],
  1049: ['SESSION_STORE_NOT_SET_UP', `there is no such database: create it, then ${SET_UP}`],
  1146: ['SESSION_STORE_NOT_SET_UP', `the tables are missing: ${SET_UP}`],
  // Access denied: to the database, by password, to a table, to a column, to an admin command, without a password.
  1044: ['SESSION_STORE_DENIED', RIGHTS],
  1045: ['SESSION_STORE_DENIED', RIGHTS],
  1142: ['SESSION_STORE_DENIED', RIGHTS],
  1143: ['SESSION_STORE_DENIED', RIGHTS],
  1227: ['SESSION_STORE_DENIED', RIGHTS],
  1698: ['SESSION_STORE_DENIED', RIGHTS],
  1290: ['SESSION_STORE_UNSAFE', READ_ONLY],
  1836: ['SESSION_STORE_UNSAFE', READ_ONLY],
  1568: [
    'SESSION_STORE_UNSAFE',
    'the connection is in a transaction of other code: give the store a pool, or a connection of its own',
  ],
};

/** Errors of a lost conflict: a deadlock, a lock timeout, a newer version of the row. Nothing was committed. */
const CONTENTION: readonly (number | undefined)[] = [1213, 1205, 1020];

export const errnoOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'errno' in error && typeof error.errno === 'number'
    ? error.errno
    : undefined;

/** How many causes to search. The pool of `mariadb` wraps the server's error in its own. */
const MAX_CAUSES = 3;

function knownMeaningOf(error: unknown): readonly [SessionErrorCode, string] | undefined {
  let cause = error;
  for (let depth = 0; depth <= MAX_CAUSES; depth++) {
    const meaning = MEANINGS[errnoOf(cause) ?? 0];
    if (meaning !== undefined) return meaning;
    if (typeof cause !== 'object' || cause === null) return undefined;
    cause = (cause as { readonly cause?: unknown }).cause;
  }
  return undefined;
}

export function meaningOf(error: unknown): unknown {
  if (isSessionError(error)) return error;
  const meaning = knownMeaningOf(error);
  if (meaning === undefined) return error;
  const [code, message] = meaning;
  return new SessionError(code, message, { cause: error });
}

export const isContention = (error: unknown): boolean => CONTENTION.includes(errnoOf(error));

export const isLockTimeout = (error: unknown): boolean => errnoOf(error) === 1205;

export const isDuplicate = (error: unknown): boolean => errnoOf(error) === 1062;

export const isInTransaction = (error: unknown): boolean => errnoOf(error) === 1568;

/** True if a column does not exist. The table is then not from this library, because it would have the column. */
export const isUnknownColumn = (error: unknown): boolean => errnoOf(error) === 1054;
