/**
 * Express 4 and 5. `authentication` reads the cookie and never answers by itself. `requireSession` and
 * `requireRecentSignIn` are guards. `sessionRoutes` is a middleware to mount. `authOf` and `sessionOf` return the
 * `Auth` and the session of a request.
 *
 * ```ts
 * app.use(authentication(sessions, { loginUrl: '/login', origins: ['https://app.example.org'] }));
 * app.use('/sessions', sessionRoutes(sessions));
 * app.get('/me', requireSession(), (req, res) => res.json({ user: sessionOf(req).user }));
 * ```
 * @module
 */

import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { BuiltInTrigger, Session, Sessions } from '../../../src/index.ts';
import * as http from '../http/index.ts';

export * from '../http/exports.ts';
export type { Auth, AuthenticationOptions, SessionRoutesOptions } from '../http/index.ts';
export { authenticateUpgrade, type UpgradeOptions } from '../http/index.ts';

/**
 * Reads the session cookie or the access token of every request. Never answers by itself: guards report an outage.
 * @param sessions the result of `createSessions`.
 * @param options the cookie, access tokens, origins and the login page. Each option has a default. Unknown names are a
 * `TypeError`.
 */
export function authentication(sessions: Sessions, options: http.AuthenticationOptions = {}): RequestHandler {
  const settings = http.parseAuthenticationOptions(sessions, options);
  return function authentication(request, response, next) {
    const attached = http.authenticate(settings, request, new http.NodeExchange(request, response));
    return attached instanceof Promise ? attached.then(() => next(), next) : next();
  };
}

/**
 * Lets requests with a live session pass. Otherwise answers 401, 403 across origins, 503 in an outage, or redirects to
 * `loginUrl`.
 * @param options further requirements, such as kinds or scopes. Default: any live session passes.
 */
export function requireSession(options: http.RequireSessionOptions = {}): RequestHandler {
  const guard = http.requireSessionGuard(options);
  return function requireSession(request, response, next) {
    answer(response, guard(authOf(request, options.sessions)), next);
  };
}

/**
 * Lets requests pass whose user authenticated recently, by the required methods. Otherwise answers 401 with the
 * challenge of RFC 9470.
 * @param options the maximum age of the authentication, `maxAge`, and the required methods.
 */
export function requireRecentSignIn(options: http.RecentSignInOptions): RequestHandler {
  const guard = http.requireRecentSignInGuard(options);
  return function requireRecentSignIn(request, response, next) {
    answer(response, guard(authOf(request, options.sessions)), next);
  };
}

/**
 * The routes of a login-management page. Mount them behind {@link authentication}: `app.use('/sessions', …)`.
 * @param sessions the result of `createSessions`.
 * @param options `authorize`, and the routes that exist. Default: all routes, and users act on their own sessions.
 */
export function sessionRoutes(sessions: Sessions, options: http.SessionRoutesOptions = {}): RequestHandler {
  const handle = http.sessionRouteHandler(sessions, options);
  return function sessionRoutes(request, response, next) {
    const answered = handle(authOf(request, sessions), new http.NodeExchange(request, response), request.path);
    // Express 4 ignores the promise of a handler, so a rejection would end the process.
    return answered.then((answer) => send(response, answer, next)).catch(next);
  };
}

/**
 * Returns the `Auth` of a request, with the types of the given sessions. Without `sessions`, it is the
 * `Auth` of the {@link authentication} that ran last.
 * @param request the request, as Express passes it to a handler.
 * @param sessions the realm, for requests with several. Default: the realm that was read last.
 * @throws `TypeError` if {@link authentication} did not run before.
 */
export function authOf<Trigger extends string = BuiltInTrigger, Transaction = unknown>(
  request: Request,
  sessions?: Sessions<Trigger, Transaction>,
): http.Auth<Trigger, Transaction> {
  const auth = http.attachedAuth(request, sessions);
  if (auth !== undefined) return auth;
  throw new TypeError(
    'authentication(sessions) must run before: app.use(authentication(sessions)); with a bridge it is express-session, within its cookie.path',
  );
}

/**
 * Returns the session of a request, never `null`.
 * @param request the request, as Express passes it to a handler.
 * @param sessions the realm, for requests with several. Default: the realm that was read last.
 * @throws `SESSION_REQUIRED` (401), `SESSION_CROSS_ORIGIN` (403) or `SESSION_STORE_UNAVAILABLE` (503).
 */
export const sessionOf = (request: Request, sessions?: Sessions): Session => http.sessionOf(authOf(request, sessions));

function answer(response: Response, guarded: http.Awaitable<http.Answer | null>, next: NextFunction): void {
  if (guarded instanceof Promise) guarded.then((answer) => send(response, answer, next), next);
  else send(response, guarded, next);
}

function send(response: Response, answer: http.Answer | null, next: NextFunction): void {
  if (answer === null) {
    next();
    return;
  }
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  // Responses of Node itself have no `status()`: Socket.IO and Connect pass these.
  response.statusCode = answer.status;
  response.end(answer.body ?? undefined);
}
