import { isSessionError, SessionError, type SessionErrorCode } from '../../../src/index.ts';

const SET_UP = 'call setup() with rights to create tables, or apply the schema with your migration tool';
const RIGHTS =
  'the server refuses: check the user and the password, and the rights to SELECT, INSERT, UPDATE and DELETE; setup() also ' +
  'needs CREATE and ALTER';
const READ_ONLY = 'the server only reads: it may be a replica, or have been the primary; sessions need the primary';

/** What the server's own error numbers say more tellingly. */
const TELLING: Readonly<Record<number, readonly [SessionErrorCode, string]>> = {
  // No database at all, no such database, no such table.
  1046: ['SESSION_STORE_NOT_SET_UP', `the client is connected to no database: name one in its URL, then ${SET_UP}`],
  1049: ['SESSION_STORE_NOT_SET_UP', `there is no such database: create it, then ${SET_UP}`],
  1146: ['SESSION_STORE_NOT_SET_UP', `the tables are missing: ${SET_UP}`],
  // To the database, by the password, to a table, to a column, to what an administrator does, without a password.
  1044: ['SESSION_STORE_DENIED', RIGHTS],
  1045: ['SESSION_STORE_DENIED', RIGHTS],
  1142: ['SESSION_STORE_DENIED', RIGHTS],
  1143: ['SESSION_STORE_DENIED', RIGHTS],
  1227: ['SESSION_STORE_DENIED', RIGHTS],
  1698: ['SESSION_STORE_DENIED', RIGHTS],
  // The server runs with read_only, or is in a mode like it.
  1290: ['SESSION_STORE_UNSAFE', READ_ONLY],
  1836: ['SESSION_STORE_UNSAFE', READ_ONLY],
  1568: [
    'SESSION_STORE_UNSAFE',
    'the connection is in a transaction of somebody else: give the store a pool, or a connection of its own',
  ],
};

/** Lost to another transaction, and undone by the server or to be undone: a deadlock, a lock waited for too long, a newer version. */
const LOST: readonly (number | undefined)[] = [1213, 1205, 1020];

/** The server's number of an error. */
export const errnoOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'errno' in error && typeof error.errno === 'number'
    ? error.errno
    : undefined;

/** How many causes are looked through: the pool of `mariadb` puts its own error around the server's. */
const MOST_CAUSES = 3;

function tellingOf(error: unknown): readonly [SessionErrorCode, string] | undefined {
  let cause = error;
  for (let depth = 0; depth <= MOST_CAUSES; depth++) {
    const telling = TELLING[errnoOf(cause) ?? 0];
    if (telling !== undefined) return telling;
    if (typeof cause !== 'object' || cause === null) return undefined;
    cause = (cause as { readonly cause?: unknown }).cause;
  }
  return undefined;
}

/** The error to throw: one of this package where the number says more than that something failed. */
export function explained(error: unknown): unknown {
  if (isSessionError(error)) return error;
  const telling = tellingOf(error);
  if (telling === undefined) return error;
  const [code, message] = telling;
  return new SessionError(code, message, { cause: error });
}

/** Whether trying again is likely to succeed, and safe, since nothing was committed. */
export const isLost = (error: unknown): boolean => LOST.includes(errnoOf(error));

/** Whether a lock was waited for too long. */
export const isLockTimeout = (error: unknown): boolean => errnoOf(error) === 1205;

/** Whether a row of this key is there already. */
export const isDuplicate = (error: unknown): boolean => errnoOf(error) === 1062;

/** Whether it is refused because the connection is in a transaction. */
export const isInTransaction = (error: unknown): boolean => errnoOf(error) === 1568;

/** Whether there is no such column: a table of ours would have it. */
export const isUnknownColumn = (error: unknown): boolean => errnoOf(error) === 1054;
