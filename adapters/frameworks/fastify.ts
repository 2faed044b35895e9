/**
 * Fastify 5. `authentication` is a plugin that reads the cookie and never answers by itself; `requireSession` and
 * `requireRecentSignIn` guard; `sessionRoutes` is a plugin that is registered under a prefix; `authOf` and `sessionOf` tell
 * who makes a request.
 *
 * ```ts
 * app.register(authentication, { sessions, loginUrl: '/login', origins: ['https://app.example.org'] });
 * app.register(sessionRoutes, { sessions, prefix: '/sessions' });
 * app.get('/me', { onRequest: requireSession() }, async (request) => ({ user: sessionOf(request).user }));
 * ```
 * @module
 */
import type { FastifyInstance, HookHandlerDoneFunction, RegisterOptions } from 'fastify';
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
  Reply,
  Request,
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

/** What {@link authentication} is registered with. */
export interface AuthenticationPluginOptions extends http.AuthenticationOptions {
  readonly sessions: Sessions;
}

/** What {@link sessionRoutes} is registered with; `prefix` is Fastify's own. */
export interface SessionRoutesPluginOptions extends http.SessionRoutesOptions, RegisterOptions {
  readonly sessions: Sessions;
}

/** A hook for `onRequest`, `preValidation` or `preHandler`. */
export type Guard = (request: http.Request, reply: http.Reply, done: HookHandlerDoneFunction) => void;

/**
 * Reads the session cookie of every request of the scope that it is registered in, and below. Answers nothing by itself: an
 * outage is the guards' to tell.
 */
export async function authentication(app: FastifyInstance, options: AuthenticationPluginOptions): Promise<void> {
  const { sessions, ...others } = options;
  const settings = http.parseAuthenticationOptions(sessions, others);
  const { property } = settings;
  // Fastify wants whatever a request will have to be there from its start.
  if (!app.hasRequestDecorator(http.AUTH)) app.decorateRequest(http.AUTH, null);
  if (property !== null) {
    if (app.hasRequestDecorator(property)) {
      throw new TypeError(`request.${property} is there already: give the option property another name`);
    }
    app.decorateRequest(property, null);
  }
  app.addHook('onRequest', function authentication(request, reply, done) {
    const known = http.authenticate(settings, request, http.fastifyExchange(request, reply));
    if (known instanceof Promise) known.then(() => done(), done);
    else done();
  });
}

/** Lets pass whoever has a live session: else 401, a redirect of a page to `loginUrl`, 403 across origins, 503 in an outage. */
export function requireSession(options: http.RequireSessionOptions = {}): Guard {
  const guard = http.requireSessionGuard(options);
  return function requireSession(request, reply, done) {
    const answer = guard(authOf(request, options.sessions));
    if (answer === null) done();
    else send(reply, answer);
  };
}

/** Lets pass whoever authenticated lately, in the ways that are asked for: else 401 with the challenge of RFC 9470. */
export function requireRecentSignIn(options: http.RecentSignInOptions): Guard {
  const guard = http.requireRecentSignInGuard(options);
  return function requireRecentSignIn(request, reply, done) {
    const answer = guard(authOf(request, options.sessions));
    if (answer === null) done();
    else send(reply, answer);
  };
}

/**
 * The routes of a login-management page, to be registered behind {@link authentication}: with `{ prefix: '/sessions' }`. A path
 * below the prefix that is none of them is the app's 404.
 */
export async function sessionRoutes(app: FastifyInstance, options: SessionRoutesPluginOptions): Promise<void> {
  const { sessions, prefix, logLevel, logSerializers, ...others } = options;
  const handle = http.sessionRouteHandler(sessions, others);
  const bodies = new WeakMap<http.Request, AsyncIterable<Uint8Array>>();
  // The app's parsers would refuse an empty body of a type, and a form: here a body is left to whoever asks for it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, body, done) => {
    bodies.set(request, body);
    done(null);
  });
  for (const path of ['/', '/*']) {
    app.all<{ Params: { '*'?: string } }>(path, async function sessionRoutes(request, reply) {
      const { headers, params, raw } = request;
      const body = () => http.readBody(headers['content-type'], bodies.get(request) ?? raw);
      const exchange = http.fastifyExchange(request, reply, body);
      const answer = await handle(authOf(request, sessions), exchange, `/${params['*'] ?? ''}`);
      if (answer === null) reply.callNotFound();
      else send(reply, answer);
      return reply;
    });
  }
}

// What fastify-plugin sets. With `skip-override` the hook is one of the scope that registers the plugin.
const metadata = (name: string): object => ({
  [Symbol.for('fastify.display-name')]: name,
  [Symbol.for('plugin-meta')]: { name, fastify: '5.x' },
});
Object.assign(authentication, metadata('session-revocation/fastify'), { [Symbol.for('skip-override')]: true });
Object.assign(sessionRoutes, metadata('session-revocation/fastify/session-routes'));

/**
 * Who makes this request, and what it may do about it: in the realm that {@link authentication} read last, or in that of
 * the sessions that are named, whose own triggers are then known by type.
 * @throws `TypeError` where {@link authentication} did not run before.
 */
export function authOf<Trigger extends string = BuiltInTrigger>(
  request: http.Request,
  sessions?: Sessions<Trigger>,
): http.Auth<Trigger> {
  const auth = http.attachedAuth(request, sessions);
  if (auth !== undefined) return auth;
  throw new TypeError('authentication must run before: app.register(authentication, { sessions })');
}

/**
 * The session of this request, never `null`.
 * @throws `SESSION_REQUIRED` (401), `SESSION_CROSS_ORIGIN` (403) or `SESSION_STORE_UNAVAILABLE` (503).
 */
export const sessionOf = (request: http.Request, sessions?: Sessions): Session =>
  http.sessionOf(authOf(request, sessions));

// As bytes: to the type of a text Fastify would add a charset, and JSON has none (RFC 8259 11).
const send = (reply: http.Reply, { status, headers, body }: http.Answer): http.Reply =>
  reply
    .code(status)
    .headers(headers)
    .send(body === null ? undefined : Buffer.from(body));
