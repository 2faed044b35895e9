import { SessionError, type SessionErrorCode } from '../../../src/index.ts';

/** Errors that the setup raises by itself, by their SQLSTATE. */
export const RAISED = { FOREIGN: 'SR001', TOO_NEW: 'SR002', UNSUPPORTED: 'SR003', UNSEEN: 'SR004' } as const;

const NOT_SET_UP =
  'the tables of the sessions are not there: call setup() once, or apply the SQL of postgresSchema() with your migration ' +
  'tool; if they are, see that the store is given their schema and prefix';
const NO_DATABASE = 'there is no such database: create it, then call setup()';
const FOREIGN =
  'a table or an index of that name belongs to something else; give the store a schema or a prefix of its own';
const NO_TRANSACTION =
  'what was given to within() is in no transaction, or no longer: begin one on it and await that, and await what within ' +
  'does before the transaction ends';
const DENIED =
  'Postgres refused: this role lacks rights, or its password is wrong; docs/postgres.md tells which it needs';

/** What a SQLSTATE means here. Everything else is an outage, and told by the core. */
const MEANINGS: Readonly<Record<string, readonly [SessionErrorCode, string]>> = {
  '42P01': ['SESSION_STORE_NOT_SET_UP', NOT_SET_UP],
  '3F000': ['SESSION_STORE_NOT_SET_UP', NOT_SET_UP],
  '3D000': ['SESSION_STORE_NOT_SET_UP', NO_DATABASE],
  '25P01': ['SESSION_STORE_UNSAFE', NO_TRANSACTION],
  '42P07': ['SESSION_STORE_FOREIGN', FOREIGN],
  '42710': ['SESSION_STORE_FOREIGN', FOREIGN],
  '42703': ['SESSION_STORE_FOREIGN', FOREIGN],
  '42804': ['SESSION_STORE_FOREIGN', FOREIGN],
  '42809': ['SESSION_STORE_FOREIGN', FOREIGN],
  [RAISED.FOREIGN]: ['SESSION_STORE_FOREIGN', FOREIGN],
  [RAISED.UNSEEN]: ['SESSION_STORE_FOREIGN', FOREIGN],
  [RAISED.TOO_NEW]: ['SESSION_STORE_TOO_NEW', 'the tables are of a later version of this library; nothing was touched'],
  [RAISED.UNSUPPORTED]: ['SESSION_STORE_UNSUPPORTED', 'the server is none that this store works on'],
  '42501': ['SESSION_STORE_DENIED', DENIED],
  '28000': ['SESSION_STORE_DENIED', DENIED],
  '28P01': ['SESSION_STORE_DENIED', DENIED],
};

/**
 * The error of this package that a driver's error means, with it as the cause; the driver's own where it means none. What
 * an ORM wrapped around it is left behind: it tells the parameters, and those are about people.
 */
export function meaningOf(error: unknown): unknown {
  const told = discreet(driversOwn(error));
  const meaning = MEANINGS[ownStateOf(told) ?? ''];
  if (meaning === undefined) return told;
  const [code, message] = meaning;
  return new SessionError(code, `${message} (${messageOf(told)})`, { cause: told });
}

/** Each statement there would be committed by itself. */
export const notInTransaction = (): SessionError => new SessionError('SESSION_STORE_UNSAFE', NO_TRANSACTION);

const DEEPEST = 5;

/** The SQLSTATE of a driver's error, or `undefined`. */
export const sqlStateOf = (error: unknown): string | undefined => ownStateOf(driversOwn(error));

/**
 * The error that bears the SQLSTATE. ORMs wrap what the driver threw: Drizzle in `cause`, TypeORM in `driverError`, with a
 * copy of the SQLSTATE, so that the innermost one counts. Where none bears one, the connection failed: then it is the first
 * that does not tell a statement.
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

/** Prisma tells the SQLSTATE in `meta`. */
function ownStateOf(error: unknown): string | undefined {
  if (!isObject(error)) return undefined;
  const told = isObject(error.meta) ? (error.meta.code ?? error.code) : error.code;
  return typeof told === 'string' && /^[0-9A-Z]{5}$/.test(told) ? told : undefined;
}

/** What holds parameters, or rows: PGlite tells the ones, and Postgres the others where a row breaks a rule. */
const ABOUT_PEOPLE = ['params', 'parameters', 'args', 'detail', 'where'];

/** The same error, which tells that only to those who ask for it by name, and to no log that prints errors whole. */
function discreet(error: unknown): unknown {
  if (!isObject(error)) return error;
  for (const name of ABOUT_PEOPLE) {
    if (Object.hasOwn(error, name)) Reflect.defineProperty(error, name, { enumerable: false });
  }
  return error;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Another writer was in the way, and nothing was written: it may be asked again. */
export const isContention = (error: unknown): boolean => ['40001', '40P01'].includes(sqlStateOf(error) ?? '');

/**
 * The server does not know the prepared statement, or knows another one of that name: there is a proxy between that hands
 * every transaction to another connection. Nothing was done.
 */
export const isUnprepared = (error: unknown): boolean => ['26000', '42P05'].includes(sqlStateOf(error) ?? '');

/** An id is taken. */
export const isTaken = (error: unknown): boolean => sqlStateOf(error) === '23505';
