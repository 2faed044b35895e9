/**
 * Koa 2 and 3. `authentication` reads the cookie and never answers by itself. `requireSession` and
 * `requireRecentSignIn` are guards. `sessionRoutes` answers below its path. `authOf` and `sessionOf` return the `Auth`
 * and the session of a request.
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
import type { BuiltInTrigger, Session, Sessions } from '../../../src/index.ts';
import * as http from '../http/index.ts';
import { KoaExchange, refuseOwnProperty } from './exchange.ts';

export * from '../http/exports.ts';
export type { Auth, AuthenticationOptions } from '../http/index.ts';
export { authenticateUpgrade, type UpgradeOptions } from '../http/index.ts';

/** Options of {@link sessionRoutes}. */
export interface SessionRoutesOptions extends http.SessionRoutesOptions {
  /** Mount path, such as `'/sessions'`, compared with `ctx.path`. The routes are that path and the paths below it. */
  readonly path: string;
}

/**
 * A middleware for apps with any type of state and context.
 * @param ctx the context of the request.
 * @param next runs the next middleware. A guard does not call it if it answers.
 */
export type Middleware = (ctx: Context, next: Next) => Promise<void>;

/**
 * Reads the session cookie or the access token of every request. Never answers by itself: guards report an outage.
 * @param sessions the result of `createSessions`.
 * @param options the cookie, access tokens, origins and the login page. Each option has a default. Unknown names are a
 * `TypeError`.
 */
export function authentication(sessions: Sessions, options: http.AuthenticationOptions = {}): Middleware {
  const settings = http.parseAuthenticationOptions(sessions, options);
  return function authentication(ctx, next) {
    refuseOwnProperty(ctx, settings.property);
    const attached = http.authenticate(settings, ctx, new KoaExchange(ctx));
    return attached instanceof Promise ? attached.then(next) : next();
  };
}

/**
 * Lets requests with a live session pass. Otherwise answers 401, 403 across origins, 503 in an outage, or redirects to
 * `loginUrl`.
 * @param options further requirements, such as kinds or scopes. Default: any live session passes.
 */
export function requireSession(options: http.RequireSessionOptions = {}): Middleware {
  const guard = http.requireSessionGuard(options);
  return function requireSession(ctx, next) {
    const guarded = guard(authOf(ctx, options.sessions));
    const go = (answer: http.Answer | null) => (answer === null ? next() : send(ctx, answer));
    return guarded instanceof Promise ? guarded.then(go) : go(guarded);
  };
}

/**
 * Lets requests pass whose user authenticated recently, by the required methods. Otherwise answers 401 with the
 * challenge of RFC 9470.
 * @param options the maximum age of the authentication, `maxAge`, and the required methods.
 */
export function requireRecentSignIn(options: http.RecentSignInOptions): Middleware {
  const guard = http.requireRecentSignInGuard(options);
  return function requireRecentSignIn(ctx, next) {
    const guarded = guard(authOf(ctx, options.sessions));
    const go = (answer: http.Answer | null) => (answer === null ? next() : send(ctx, answer));
    return guarded instanceof Promise ? guarded.then(go) : go(guarded);
  };
}

/**
 * The routes of a login-management page. Use them behind {@link authentication}. Other paths go to the next middleware.
 * @param sessions the result of `createSessions`.
 * @param options `path`, where the routes are mounted. Default: all routes, and users act on their own sessions.
 */
export function sessionRoutes(sessions: Sessions, options: SessionRoutesOptions): Middleware {
  const mount = http.parseMount(sessions, options?.path);
  const { path: _, ...others } = options;
  const handle = http.sessionRouteHandler(sessions, others);
  return async function sessionRoutes(ctx, next) {
    const below = http.pathBelow(mount, ctx.path);
    const answer = below === null ? null : await handle(authOf(ctx, sessions), new KoaExchange(ctx), below);
    if (answer === null) await next();
    else await send(ctx, answer);
  };
}

/**
 * Returns the `Auth` of a request, with the types of the given sessions. Without `sessions`, it is the
 * `Auth` of the {@link authentication} that ran last.
 * @param ctx the context, as Koa passes it to a middleware.
 * @param sessions the realm, for requests with several. Default: the realm that was read last.
 * @throws `TypeError` if {@link authentication} did not run before.
 */
export function authOf<Trigger extends string = BuiltInTrigger, Transaction = unknown>(
  ctx: Context,
  sessions?: Sessions<Trigger, Transaction>,
): http.Auth<Trigger, Transaction> {
  const auth = http.attachedAuth(ctx, sessions);
  if (auth !== undefined) return auth;
  throw new TypeError('authentication(sessions) must run before: app.use(authentication(sessions))');
}

/**
 * Returns the session of a request, never `null`.
 * @param ctx the context, as Koa passes it to a middleware.
 * @param sessions the realm, for requests with several. Default: the realm that was read last.
 * @throws `SESSION_REQUIRED` (401), `SESSION_CROSS_ORIGIN` (403) or `SESSION_STORE_UNAVAILABLE` (503).
 */
export const sessionOf = (ctx: Context, sessions?: Sessions): Session => http.sessionOf(authOf(ctx, sessions));

async function send(ctx: Context, answer: http.Answer): Promise<void> {
  // In this order: Koa decides by the type how to send an empty body, and by the body which status to set.
  ctx.remove('content-type');
  ctx.body = answer.body;
  ctx.status = answer.status;
  ctx.set(answer.headers);
}
