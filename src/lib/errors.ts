/**
 * Names an error that is not misuse. Codes are part of the API; messages are not. {@link isSessionError} compares them.
 *
 * | code | meaning | over HTTP |
 * |---|---|---|
 * | `SESSION_STORE_UNAVAILABLE` | the store failed, or did not answer within the time limit; see `cause` | 503 |
 * | `SESSION_STORE_NOT_SET_UP` | the tables are missing, or of an earlier version: run `store.setup()` or apply the schema file; or a guard's `setup()` was not run | 503 |
 * | `SESSION_STORE_TOO_NEW` | a later version of this library wrote the data; nothing was changed | 503 |
 * | `SESSION_STORE_NAME_CONFLICT` | the data under the store's name belongs to another program; nothing was changed | 503 |
 * | `SESSION_STORE_DENIED` | the database refused because rights or a password are missing | 503 |
 * | `SESSION_STORE_UNSUPPORTED` | the server is too old, or a driver is missing | 503 |
 * | `SESSION_STORE_UNSAFE` | the server or its client could bring revoked sessions back: it reads a replica, may evict records, or uses an older snapshot | 503 |
 * | `SESSION_STORE_UNCONFIRMED` | the write happened, but too few replicas confirmed it in time: a failover may lose it; repeat it | 503 |
 * | `SESSION_RECORD_TOO_LARGE` | a record would be larger than some store can hold, because tens of thousands of kinds were revoked by name; nothing was written | 500 |
 * | `SESSION_KEYS_UNAVAILABLE` | the keys of another issuer could not be fetched, so its token cannot be verified | 503 |
 * | `SESSION_STORE_LACKS_POWER` | an option or a call needs a power that this store does not declare | 501 |
 * | `SESSION_REQUIRED` | the app required a session, and the request has none | 401 |
 * | `SESSION_OVER` | the session of an open connection is over: the reason of a signal; see `cause` | 401 |
 * | `SESSION_INVALID_REQUEST` | the app required a session, and the request has several credentials | 400 |
 * | `SESSION_CROSS_ORIGIN` | a request that changes something does not come from the app's own pages | 403 |
 * | `SESSION_INSUFFICIENT_SCOPE` | an access token may not renew the secret of its session, because it is worth less than that secret | 403 |
 *
 * Misuse (a wrong option, a malformed argument) is a `TypeError`.
 */
export type SessionErrorCode =
  | 'SESSION_STORE_UNAVAILABLE'
  | 'SESSION_STORE_NOT_SET_UP'
  | 'SESSION_STORE_TOO_NEW'
  | 'SESSION_STORE_NAME_CONFLICT'
  | 'SESSION_STORE_DENIED'
  | 'SESSION_STORE_UNSUPPORTED'
  | 'SESSION_STORE_UNSAFE'
  | 'SESSION_STORE_UNCONFIRMED'
  | 'SESSION_RECORD_TOO_LARGE'
  | 'SESSION_KEYS_UNAVAILABLE'
  | 'SESSION_STORE_LACKS_POWER'
  | 'SESSION_REQUIRED'
  | 'SESSION_OVER'
  | 'SESSION_INVALID_REQUEST'
  | 'SESSION_CROSS_ORIGIN'
  | 'SESSION_INSUFFICIENT_SCOPE';

const STATUS: Record<SessionErrorCode, number> = {
  SESSION_STORE_UNAVAILABLE: 503,
  SESSION_STORE_NOT_SET_UP: 503,
  SESSION_STORE_TOO_NEW: 503,
  SESSION_STORE_NAME_CONFLICT: 503,
  SESSION_STORE_DENIED: 503,
  SESSION_STORE_UNSUPPORTED: 503,
  SESSION_STORE_UNSAFE: 503,
  SESSION_STORE_UNCONFIRMED: 503,
  SESSION_RECORD_TOO_LARGE: 500,
  SESSION_KEYS_UNAVAILABLE: 503,
  SESSION_STORE_LACKS_POWER: 501,
  SESSION_REQUIRED: 401,
  SESSION_OVER: 401,
  SESSION_INVALID_REQUEST: 400,
  SESSION_CROSS_ORIGIN: 403,
  SESSION_INSUFFICIENT_SCOPE: 403,
};

/**
 * Reports an error that is not misuse. It is the only error class of this package. {@link isSessionError} tells its
 * codes apart.
 */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  /** Stable; see {@link SessionErrorCode}. */
  readonly code: SessionErrorCode;
  /** The HTTP status with which a framework's error handler should answer. */
  readonly status: number;
  /** Headers of that answer, such as a 401's challenge. The error handlers of Express, Koa and Fastify send them. */
  readonly headers: Readonly<Record<string, string>>;

  /** Makes an error with a code of this package. For adapters. */
  constructor(
    code: SessionErrorCode,
    message: string,
    {
      headers = {},
      ...options
    }: { readonly cause?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options);
    this.headers = headers;
    this.code = code;
    this.status = STATUS[code];
  }
}

/**
 * Tells whether a value is an error of this package (and of this code). It also recognises errors of the other module
 * format.
 * @param error any value, such as what `catch` receives.
 * @param code the code to compare with. Default: any code.
 * @example
 * ```ts
 * import { isSessionError } from 'session-revocation';
 *
 * try {
 *   await sessions.check('the token from the cookie');
 * } catch (error) {
 *   if (!isSessionError(error, 'SESSION_STORE_UNAVAILABLE')) throw error;
 *   // An outage: answer 503, and keep the cookie.
 * }
 * ```
 */
export function isSessionError(error: unknown, code?: SessionErrorCode): error is SessionError {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  const found = error.code;
  return typeof found === 'string' && Object.hasOwn(STATUS, found) && (code === undefined || found === code);
}
