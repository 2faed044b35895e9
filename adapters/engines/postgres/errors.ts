import { isSessionError, SessionError, type SessionErrorCode } from '../../../src/index.ts';
import { DROPPED } from '../sql/schema-problems.ts';

export const RAISED = {
  FOREIGN: 'SR001',
  TOO_NEW: 'SR002',
  UNSUPPORTED: 'SR003',
  UNSEEN: 'SR004',
  DROPPED: 'SR005',
} as const;

const NOT_SET_UP =
  'the tables of the sessions are not there: call await sessions.setup() once, or apply the SQL of postgresSchema() with your migration ' +
  'tool; if they are, see that the store is given their schema and prefix';
const NO_DATABASE = 'there is no such database: create it, then call setup()';
const FOREIGN =
  'a table or an index of that name belongs to something else; give the store a schema or a prefix of its own';
const NO_TRANSACTION =
  'what was given to within() is in no transaction, or no longer: begin one on it and await that, and await what within ' +
  'does before the transaction ends';
const DENIED =
  'Postgres refused: this role lacks rights, or its password is wrong; docs/postgres.md tells which it needs';

/** The meaning of each SQLSTATE. Every other SQLSTATE is an outage, which the core reports. */
const MEANINGS: Readonly<Record<string, readonly [SessionErrorCode, string]>> = {
  '42P01': ['SESSION_STORE_NOT_SET_UP', NOT_SET_UP],
  '3F000': ['SESSION_STORE_NOT_SET_UP', NOT_SET_UP],
  '3D000': ['SESSION_STORE_NOT_SET_UP', NO_DATABASE],
  '25P01': ['SESSION_STORE_UNSAFE', NO_TRANSACTION],
  // Prisma's own code: its transaction has ended, or exceeded Prisma's time limit.
  P2028: ['SESSION_STORE_UNSAFE', NO_TRANSACTION],
  '42P07': ['SESSION_STORE_NAME_CONFLICT', FOREIGN],
  '42710': ['SESSION_STORE_NAME_CONFLICT', FOREIGN],
  '42703': ['SESSION_STORE_NAME_CONFLICT', FOREIGN],
  '42804': ['SESSION_STORE_NAME_CONFLICT', FOREIGN],
  '42809': ['SESSION_STORE_NAME_CONFLICT', FOREIGN],
  [RAISED.FOREIGN]: ['SESSION_STORE_NAME_CONFLICT', FOREIGN],
  [RAISED.UNSEEN]: ['SESSION_STORE_NAME_CONFLICT', FOREIGN],
  [RAISED.TOO_NEW]: ['SESSION_STORE_TOO_NEW', 'the tables are of a later version of this library; nothing was touched'],
  [RAISED.DROPPED]: ['SESSION_STORE_NOT_SET_UP', DROPPED],
  [RAISED.UNSUPPORTED]: ['SESSION_STORE_UNSUPPORTED', 'the server is none that this store works on'],
  '42501': ['SESSION_STORE_DENIED', DENIED],
  '28000': ['SESSION_STORE_DENIED', DENIED],
  '28P01': ['SESSION_STORE_DENIED', DENIED],
};

/**
 * Returns the error that the store throws for an error of the client. Drops errors that an ORM wrapped around the
 * driver's, because they contain the parameters: personal data.
 */
export function meaningOf(error: unknown): unknown {
  if (isSessionError(error)) return error;
  const told = discreet(driversOwn(error));
  const meaning = MEANINGS[ownStateOf(told) ?? ''];
  if (meaning === undefined) return told;
  const [code, message] = meaning;
  return new SessionError(code, `${message} (${messageOf(told)})`, { cause: told });
}

/**
 * The error for a transaction that is not open. Outside of a transaction, each statement would be committed by itself.
 */
export const notInTransaction = (cause?: unknown): SessionError =>
  new SessionError('SESSION_STORE_UNSAFE', NO_TRANSACTION, { cause });

const DEEPEST = 5;

export const sqlStateOf = (error: unknown): string | undefined => ownStateOf(driversOwn(error));

/**
 * Returns the driver's own error. ORMs wrap it: Drizzle in `cause`, TypeORM in `driverError`. The wrapper copies the
 * SQLSTATE, so the innermost error with one counts. If no error has an SQLSTATE, the connection failed, and the first
 * error without a statement counts.
 */
function driversOwn(error: unknown): unknown {
  let found: unknown;
  let unwrapped = error;
  for (let at = error, depth = 0; depth < DEEPEST && isObject(at); depth++) {
    if (ownStateOf(at) !== undefined) found = at;
    const inner = at.driverError ?? at.cause;
    if (at === unwrapped && isObject(inner) && ('query' in at || 'params' in at)) unwrapped = inner;
    at = inner;
  }
  return found ?? unwrapped;
}

/** Returns the SQLSTATE of an error, without its causes. Prisma puts it into `meta`. */
function ownStateOf(error: unknown): string | undefined {
  if (!isObject(error)) return undefined;
  const told = isObject(error.meta) ? (error.meta.code ?? error.code) : error.code;
  return typeof told === 'string' && /^[0-9A-Z]{5}$/.test(told) ? told : undefined;
}

/** Properties with personal data: parameters (PGlite), and the row that violates a constraint (Postgres). */
const ABOUT_PEOPLE = ['params', 'parameters', 'args', 'detail', 'where'];

/** Hides properties with personal data from logs that print whole errors. */
function discreet(error: unknown): unknown {
  if (!isObject(error)) return error;
  for (const name of ABOUT_PEOPLE) {
    if (Object.hasOwn(error, name)) Reflect.defineProperty(error, name, { enumerable: false });
  }
  return error;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** True if another writer was in the way. Nothing was written, so the statement may be repeated. */
export const isContention = (error: unknown): boolean => ['40001', '40P01'].includes(sqlStateOf(error) ?? '');

/**
 * True if the connection does not know a prepared statement. This happens behind a proxy that moves every transaction
 * to another connection. The statement had no effect.
 */
export const isUnprepared = (error: unknown): boolean => ['26000', '42P05'].includes(sqlStateOf(error) ?? '');

export const isDuplicate = (error: unknown): boolean => sqlStateOf(error) === '23505';
