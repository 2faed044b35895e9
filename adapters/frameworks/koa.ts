/**
 * Koa 3. `authentication` reads the cookie and never answers by itself; `requireSession` and `requireRecentSignIn`
 * guard; `sessionRoutes` answers below its path; `authOf` and `sessionOf` tell who makes a request.
 *
 * ```ts
 * app.use(authentication(sessions, { loginUrl: '/login', origins: ['https://app.example.org'] }));
 * app.use(sessionRoutes(sessions, { path: '/sessions' }));
 * app.use(requireSession());
 * app.use((ctx) => {
 *   ctx.body = { user: sessionOf(ctx).user };
 * });
 * ```
 * @module
 */
import type { ExtendableContext as Context, Next } from 'koa';
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
  SignInRequest,
  SignInResult,
  SignInTokens,
  SignOutRequest,
  TriggerHttpRequest,
  WithoutToken,
} from './http/index.ts';
export { safeReturnPath } from './http/index.ts';

/** Options of {@link sessionRoutes}. */
export interface SessionRoutesOptions extends http.SessionRoutesOptions {
  /** Where the routes are, such as `'/sessions'`: that path and what is below it, as `ctx.path` tells it. */
  readonly path: string;
}

/** For any app, whatever the types of its state and its context. */
export type Middleware = (ctx: Context, next: Next) => Promise<void>;

/** Reads the session cookie of every request, or its access token. Answers nothing by itself: an outage is the guards' to tell. */
export function authentication(sessions: Sessions, options: http.AuthenticationOptions = {}): Middleware {
  const settings = http.parseAuthenticationOptions(sessions, options);
  return function authentication(ctx, next) {
    http.refuseOwnProperty(ctx, settings.property);
    const known = http.authenticate(settings, ctx, http.koaExchange(ctx));
    return known instanceof Promise ? known.then(next) : next();
  };
}

/** Lets pass whoever has a live session: else 401, a redirect of a page to `loginUrl`, 403 across origins, 503 in an outage. */
export function requireSession(options: http.RequireSessionOptions = {}): Middleware {
  const guard = http.requireSessionGuard(options);
  return function requireSession(ctx, next) {
    const answer = guard(authOf(ctx, options.sessions));
    return answer === null ? next() : send(ctx, answer);
  };
}

/** Lets pass whoever authenticated lately, in the ways that are asked for: else 401 with the challenge of RFC 9470. */
export function requireRecentSignIn(options: http.RecentSignInOptions): Middleware {
  const guard = http.requireRecentSignInGuard(options);
  return function requireRecentSignIn(ctx, next) {
    const answer = guard(authOf(ctx, options.sessions));
    return answer === null ? next() : send(ctx, answer);
  };
}

/** The routes of a login-management page, behind {@link authentication}. Every other path goes on. */
export function sessionRoutes(sessions: Sessions, options: SessionRoutesOptions): Middleware {
  const mount = http.parseMount(options?.path);
  const { path: _, ...others } = options;
  const handle = http.sessionRouteHandler(sessions, others);
  return async function sessionRoutes(ctx, next) {
    const below = http.pathBelow(mount, ctx.path);
    const answer = below === null ? null : await handle(authOf(ctx, sessions), http.koaExchange(ctx), below);
    if (answer === null) await next();
    else await send(ctx, answer);
  };
}

/**
 * Who makes this request, and what it may do about it: in the realm that {@link authentication} read last, or in that of
 * the sessions that are named, whose own triggers are then known by type.
 * @throws `TypeError` where {@link authentication} did not run before.
 */
export function authOf<Trigger extends string = BuiltInTrigger>(
  ctx: Context,
  sessions?: Sessions<Trigger>,
): http.Auth<Trigger> {
  const auth = http.attachedAuth(ctx, sessions);
  if (auth !== undefined) return auth;
  throw new TypeError('authentication(sessions) must run before: app.use(authentication(sessions))');
}

/**
 * The session of this request, never `null`.
 * @throws `SESSION_REQUIRED` (401), `SESSION_CROSS_ORIGIN` (403) or `SESSION_STORE_UNAVAILABLE` (503).
 */
export const sessionOf = (ctx: Context, sessions?: Sessions): Session => http.sessionOf(authOf(ctx, sessions));

async function send(ctx: Context, answer: http.Answer): Promise<void> {
  // Koa guesses from the type what no body means, and from the body what status is meant: they come in this order.
  ctx.remove('content-type');
  ctx.body = answer.body;
  ctx.status = answer.status;
  ctx.set(answer.headers);
}
