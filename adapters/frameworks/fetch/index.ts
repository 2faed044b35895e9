/**
 * For frameworks with `Request` and `Response` of the Fetch Standard: Hono, h3, Elysia, route handlers, workers. These
 * requests cannot be decorated, so `authentication` returns a function that opens the `Auth` of a request. Guards and
 * routes take the `Auth` and return the `Response` to answer with, or `null` to continue. `auth.commit` adds the
 * cookies to the app's own response.
 *
 * ```ts
 * const open = authentication(sessions, { loginUrl: '/login', origins: ['https://app.example.org'] });
 * const routes = sessionRoutes(sessions, { path: '/sessions' });
 * const guard = requireSession();
 *
 * const auth = await open(request, { ip });
 * const answer = (await routes(auth)) ?? (await guard(auth));
 * return answer ?? auth.commit(Response.json({ user: sessionOf(auth).user }));
 * ```
 * @module
 */
import { inCall, kindOf } from '../../../src/adapter.ts';
import type { BuiltInTrigger, Session, Sessions } from '../../../src/index.ts';
import * as http from '../http/index.ts';
import { FetchExchange } from './exchange.ts';

export * from '../http/exports.ts';

/** Options of {@link authentication}. Without `property`, because a `Request` cannot be decorated. */
export type AuthenticationOptions = Omit<http.AuthenticationOptions, 'property'>;

/** Options of {@link sessionRoutes}. */
export interface SessionRoutesOptions extends http.SessionRoutesOptions {
  /** Mount path, such as `'/sessions'`. The routes are that path and the paths below it. */
  readonly path: string;
}

/** Facts that the server knows about a request and `Request` does not have. */
export interface Peer {
  /**
   * The client's address. Behind a proxy the app has to determine it, because `X-Forwarded-For` is not read. Default:
   * unknown, and lists show no address.
   */
  readonly ip?: string | undefined;
}

// A registered symbol, which the ESM and the CJS build share.
const EXCHANGE: unique symbol = Symbol.for('session-revocation.exchange');

/** The user behind a request, and what the request may do. */
export interface Auth<Trigger extends string = BuiltInTrigger, Transaction = unknown>
  extends http.Auth<Trigger, Transaction> {
  /**
   * Returns a copy of the response with the cookies that were set and deleted. Setting a cookie afterwards is a
   * `TypeError`. Committing twice, for example in a guard and in a middleware around it, has the same result.
   * @param response the app's response. It is returned itself if there is nothing to add.
   */
  commit(response: Response): Response;
  /** @internal */
  readonly [EXCHANGE]: FetchExchange;
}

/**
 * Returns a function that reads the session cookie or the access token of a request. It never answers: guards report an
 * outage.
 * @param sessions the result of `createSessions`.
 * @param options the cookie, access tokens, origins and the login page. Each option has a default. Unknown names are a
 * `TypeError`.
 * @returns the function that opens the `Auth` of a request. Its second parameter holds the client's address.
 */
export function authentication<Trigger extends string = BuiltInTrigger, Transaction = unknown>(
  sessions: Sessions<Trigger, Transaction>,
  options?: AuthenticationOptions,
): (request: Request, peer?: Peer) => Promise<Auth<Trigger, Transaction>>;
export function authentication(
  sessions: Sessions,
  options: AuthenticationOptions = {},
): (request: Request, peer?: Peer) => Promise<Auth> {
  if ('property' in options)
    throw new TypeError(
      'the option property does not exist here, because a Request cannot be decorated: open(request) returns the Auth',
    );
  const settings = http.parseAuthenticationOptions(sessions, options);
  return async function open(request, { ip } = {}) {
    const exchange = new FetchExchange(request, ip);
    const auth = await http.openAuth(settings, exchange);
    return Object.assign(auth, { [EXCHANGE]: exchange, commit: (response: Response) => exchange.commit(response) });
  };
}

/**
 * Lets requests with a live session pass. Otherwise answers 401, 403 across origins, 503 in an outage, or redirects to
 * `loginUrl`.
 * @param options further requirements, such as kinds or scopes. Default: any live session passes.
 * @returns a guard. It resolves to the response to answer with, or to `null` for a request that passes.
 */
export function requireSession(options: http.RequireSessionOptions = {}): (auth: Auth) => Promise<Response | null> {
  const guard = http.requireSessionGuard(options);
  return async (auth) => committed(auth, await guard(authFor(auth, options.sessions)));
}

/**
 * Lets requests pass whose user authenticated recently, by the required methods. Otherwise answers 401 with the
 * challenge of RFC 9470.
 * @param options the maximum age of the authentication, `maxAge`, and the required methods.
 * @returns a guard. It resolves to the response to answer with, or to `null` for a request that passes.
 */
export function requireRecentSignIn(options: http.RecentSignInOptions): (auth: Auth) => Promise<Response | null> {
  const guard = http.requireRecentSignInGuard(options);
  return async (auth) => committed(auth, await guard(authFor(auth, options.sessions)));
}

/**
 * The routes of a login-management page; `null` for any other path. A route reads the body only if it needs it.
 * @param sessions the result of `createSessions`.
 * @param options `path`, where the routes are mounted. Default: all routes, and users act on their own sessions.
 * @returns a function that resolves to the response of a route, or to `null` for any other path.
 * @throws `TypeError` if the body was read before, or if the `Auth` belongs to other sessions.
 */
export function sessionRoutes(
  sessions: Sessions,
  options: SessionRoutesOptions,
): (auth: Auth) => Promise<Response | null> {
  const mount = http.parseMount(sessions, options?.path);
  const { path: _, ...others } = options;
  const handle = http.sessionRouteHandler(sessions, others);
  return async function routes(auth) {
    const below = http.pathBelow(mount, authFor(auth)[EXCHANGE].path);
    return below === null ? null : committed(auth, await handle(authFor(auth, sessions), auth[EXCHANGE], below));
  };
}

/**
 * Returns the session of a request, never `null`.
 * @param auth the result of the function that {@link authentication} returned.
 * @throws `SESSION_REQUIRED` (401), `SESSION_CROSS_ORIGIN` (403) or `SESSION_STORE_UNAVAILABLE` (503).
 */
export const sessionOf = (auth: Auth): Session => inCall('sessionOf(auth)', () => http.sessionOf(authFor(auth)));

function authFor(auth: Auth, sessions?: Sessions): Auth {
  if (auth?.[EXCHANGE] === undefined) {
    const found = kindOf(auth);
    throw new TypeError(
      `auth must be the result of await open(request), where open is authentication(sessions), not ${found}`,
    );
  }
  if (sessions !== undefined && auth.request.settings.sessions !== sessions) {
    throw new TypeError('the Auth belongs to other sessions than the given ones');
  }
  return auth;
}

const committed = (auth: Auth, answer: http.Answer | null): Response | null =>
  answer && auth.commit(new Response(answer.body, { status: answer.status, headers: answer.headers }));
