/**
 * What can go wrong that is nobody's misuse. Codes are part of the API, messages are not.
 *
 * | code | meaning | over HTTP |
 * |---|---|---|
 * | `SESSION_STORE_UNAVAILABLE` | the store could not find out, or not before the deadline; `cause` says more | 503 |
 * | `SESSION_STORE_NOT_SET_UP` | the tables are missing, or of an earlier version: run `store.setup()` or apply the schema file; or a guard's `setup()` was not run | 503 |
 * | `SESSION_STORE_TOO_NEW` | the data was written by a later version of this library; nothing was touched | 503 |
 * | `SESSION_STORE_FOREIGN` | what stands under the store's name is somebody else's; nothing was touched | 503 |
 * | `SESSION_STORE_DENIED` | the database refused for lack of rights, or of a password | 503 |
 * | `SESSION_STORE_UNSUPPORTED` | the server is too old, or a driver is missing | 503 |
 * | `SESSION_STORE_UNSAFE` | the server or its client is set up so that what was revoked could come back: a replica is read, records may be evicted, an older snapshot | 503 |
 * | `SESSION_STORE_UNCONFIRMED` | it was written, and too few replicas confirmed it in time: a failover may lose it; do it again | 503 |
 * | `SESSION_KEYS_UNAVAILABLE` | the keys of another issuer could not be fetched, so that nobody knows whether its token is genuine | 503 |
 * | `SESSION_STORE_LACKS_POWER` | an option or a call needs what this store does not declare that it can do | 501 |
 * | `SESSION_REQUIRED` | a session was asked of a request that has none | 401 |
 * | `SESSION_INVALID_REQUEST` | a session was asked of a request that bears several credentials | 400 |
 * | `SESSION_CROSS_ORIGIN` | a request that changes something does not come from the app's own pages | 403 |
 * | `SESSION_INSUFFICIENT_SCOPE` | an access token would renew the secret of its session, and is worth less than that | 403 |
 *
 * Misuse (a wrong option, a malformed argument) is a `TypeError`.
 */
export type SessionErrorCode =
  | 'SESSION_STORE_UNAVAILABLE'
  | 'SESSION_STORE_NOT_SET_UP'
  | 'SESSION_STORE_TOO_NEW'
  | 'SESSION_STORE_FOREIGN'
  | 'SESSION_STORE_DENIED'
  | 'SESSION_STORE_UNSUPPORTED'
  | 'SESSION_STORE_UNSAFE'
  | 'SESSION_STORE_UNCONFIRMED'
  | 'SESSION_KEYS_UNAVAILABLE'
  | 'SESSION_STORE_LACKS_POWER'
  | 'SESSION_REQUIRED'
  | 'SESSION_INVALID_REQUEST'
  | 'SESSION_CROSS_ORIGIN'
  | 'SESSION_INSUFFICIENT_SCOPE';

const STATUS: Record<SessionErrorCode, number> = {
  SESSION_STORE_UNAVAILABLE: 503,
  SESSION_STORE_NOT_SET_UP: 503,
  SESSION_STORE_TOO_NEW: 503,
  SESSION_STORE_FOREIGN: 503,
  SESSION_STORE_DENIED: 503,
  SESSION_STORE_UNSUPPORTED: 503,
  SESSION_STORE_UNSAFE: 503,
  SESSION_STORE_UNCONFIRMED: 503,
  SESSION_KEYS_UNAVAILABLE: 503,
  SESSION_STORE_LACKS_POWER: 501,
  SESSION_REQUIRED: 401,
  SESSION_INVALID_REQUEST: 400,
  SESSION_CROSS_ORIGIN: 403,
  SESSION_INSUFFICIENT_SCOPE: 403,
};

/** The one error class of this package. Tell errors apart by `code`, see {@link isSessionError}. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  /** Stable; see {@link SessionErrorCode}. */
  readonly code: SessionErrorCode;
  /** The HTTP status a framework's own error handler should answer with. */
  readonly status: number;
  /** Headers that belong to that answer, such as a 401's challenge; the handlers of Express, Koa and Fastify send them. */
  readonly headers: Readonly<Record<string, string>>;

  /** For adapters: an error of this package's codes. */
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

/** Whether this is an error of this package (and of this code), also when it came from the other module format. */
export function isSessionError(error: unknown, code?: SessionErrorCode): error is SessionError {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  const found = error.code;
  return typeof found === 'string' && Object.hasOwn(STATUS, found) && (code === undefined || found === code);
}
