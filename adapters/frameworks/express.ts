/**
 * Express 5. `authentication` reads the cookie and never answers by itself; `requireSession` and `requireRecentSignIn`
 * guard; `sessionRoutes` is mounted; `authOf` and `sessionOf` tell who makes a request.
 *
 * ```ts
 * app.use(authentication(sessions, { loginUrl: '/login', origins: ['https://app.example.org'] }));
 * app.use('/sessions', sessionRoutes(sessions));
 * app.get('/me', requireSession(), (req, res) => res.json({ user: sessionOf(req).user }));
 * ```
 * @module
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { BuiltInTrigger, Session, Sessions } from '../../src/index.ts';
import * as http from './http/index.ts';

export type {
  Auth,
  AuthenticationOptions,
  AuthorizedAction,
  AuthorizeRequest,
  BearerOptions,
  BearerTokens,
  CookieOptions,
  HttpExchange,
  IssuedTokens,
  ReauthenticateHttpRequest,
  ReauthenticateResult,
  RecentSignInOptions,
  Refusal,
  RequireSessionOptions,
  RouteAction,
  SessionRoutesOptions,
  SignInRequest,
  SignInResult,
  SignInTokens,
  SignOutRequest,
  TriggerHttpRequest,
  WithoutToken,
} from './http/index.ts';
export { safeReturnPath } from './http/index.ts';

/** Reads the session cookie of every request, or its access token. Answers nothing by itself: an outage is the guards' to tell. */
export function authentication(sessions: Sessions, options: http.AuthenticationOptions = {}): RequestHandler {
  const settings = http.parseAuthenticationOptions(sessions, options);
  return function authentication(request, response, next) {
    const known = http.authenticate(settings, request, http.nodeExchange(request, response));
    return known instanceof Promise ? known.then(() => next()) : next();
  };
}

/** Lets pass whoever has a live session: else 401, a redirect of a page to `loginUrl`, 403 across origins, 503 in an outage. */
export function requireSession(options: http.RequireSessionOptions = {}): RequestHandler {
  const guard = http.requireSessionGuard(options);
  return function requireSession(request, response, next) {
    send(response, guard(authOf(request, options.sessions)), next);
  };
}

/** Lets pass whoever authenticated lately, in the ways that are asked for: else 401 with the challenge of RFC 9470. */
export function requireRecentSignIn(options: http.RecentSignInOptions): RequestHandler {
  const guard = http.requireRecentSignInGuard(options);
  return function requireRecentSignIn(request, response, next) {
    send(response, guard(authOf(request, options.sessions)), next);
  };
}

/** The routes of a login-management page, to be mounted behind {@link authentication}: `app.use('/sessions', …)`. */
export function sessionRoutes(sessions: Sessions, options: http.SessionRoutesOptions = {}): RequestHandler {
  const handle = http.sessionRouteHandler(sessions, options);
  return async function sessionRoutes(request, response, next) {
    send(response, await handle(authOf(request, sessions), http.nodeExchange(request, response), request.path), next);
  };
}

/**
 * Who makes this request, and what it may do about it: in the realm that {@link authentication} read last, or in that of
 * the sessions that are named, whose own triggers are then known by type.
 * @throws `TypeError` where {@link authentication} did not run before.
 */
export function authOf<Trigger extends string = BuiltInTrigger>(
  request: Request,
  sessions?: Sessions<Trigger>,
): http.Auth<Trigger> {
  const auth = http.attachedAuth(request, sessions);
  if (auth !== undefined) return auth;
  throw new TypeError(
    'authentication(sessions) must run before: app.use(authentication(sessions)); with a bridge it is express-session, within its cookie.path',
  );
}

/**
 * The session of this request, never `null`.
 * @throws `SESSION_REQUIRED` (401), `SESSION_CROSS_ORIGIN` (403) or `SESSION_STORE_UNAVAILABLE` (503).
 */
export const sessionOf = (request: Request, sessions?: Sessions): Session => http.sessionOf(authOf(request, sessions));

function send(response: Response, answer: http.Answer | null, next: NextFunction): void {
  if (answer === null) {
    next();
    return;
  }
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.status(answer.status).end(answer.body ?? undefined);
}
