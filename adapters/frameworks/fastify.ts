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
import type { FastifyInstance, HookHandlerDoneFunction, RegisterOptions, RouteHandlerMethod } from 'fastify';
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

// Registered, so that the ESM and the CJS build find each other's. The scopes below inherit what stands under it.
const SETTINGS: unique symbol = Symbol.for('session-revocation.settings');

/** A scope, with the settings of each {@link authentication} that was registered there or above, the last one first. */
type WithSettings = object & { [SETTINGS]?: readonly http.HttpSettings[] };

/**
 * Reads the session cookie of every request of the scope that it is registered in, and below. Answers nothing by itself: an
 * outage is the guards' to tell.
 */
export async function authentication(app: FastifyInstance, options: AuthenticationPluginOptions): Promise<void> {
  const { sessions, ...others } = options;
  const settings = http.parseAuthenticationOptions(sessions, others);
  http.decorateRequests(app, settings.property);
  const scope: WithSettings = app;
  scope[SETTINGS] = [settings, ...(scope[SETTINGS] ?? [])];
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
 * The routes of a login-management page, to be registered behind {@link authentication}: with `{ prefix: '/sessions' }`. Each has a
 * schema, for OpenAPI documents. A path below the prefix that is none of them is the app's 404.
 */
export async function sessionRoutes(app: FastifyInstance, options: SessionRoutesPluginOptions): Promise<void> {
  const { sessions, prefix, logLevel, logSerializers, ...others } = options;
  const handle = http.sessionRouteHandler(sessions, others);
  const bodies = new WeakMap<http.Request, AsyncIterable<Uint8Array>>();
  // The app's parsers would refuse an empty body of a type, and a form: here a body is left to whoever asks for it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  app.addHook('preParsing', function sessionRoutes(request, _reply, payload, done) {
    bodies.set(request, payload);
    // What is no media type, Fastify would refuse by itself: it is the routes' to answer, as any other that they do not read.
    const { headers, mediaType } = request;
    if (headers['content-type'] !== undefined && mediaType === undefined) {
      request.headers = { ...headers, 'content-type': undefined };
    }
    done(null, payload);
  });

  const handlerOf = (pathOf: (params: RouteParams) => string): RouteHandlerMethod =>
    async function sessionRoutes(request, reply) {
      const { params, raw } = request;
      const body = () => http.readBody(raw.headers['content-type'], bodies.get(request) ?? raw);
      const exchange = http.fastifyExchange(request, reply, body);
      const answer = await handle(authOf(request, sessions), exchange, pathOf(params as RouteParams));
      if (answer === null) reply.callNotFound();
      else send(reply, answer);
      return reply;
    };

  const settings = (app as WithSettings)[SETTINGS]?.find((one) => one.sessions === sessions);
  const described = http.describeRoutes(others, settings ?? { bearer: null });
  for (const { method, path: url, schema } of described) {
    // One of the app's own comes first.
    if (url !== '/' && app.hasRoute({ method, url: app.prefix.replace(/\/$/, '') + url })) continue;
    const handler = handlerOf(({ sessionId = '' }) => url.replace(':sessionId', () => sessionId));
    app.route({ method, url, schema, handler, ...UNCHECKED, exposeHeadRoute: false, prefixTrailingSlash: 'no-slash' });
  }
  // Whatever else there is below the prefix: other methods, other spellings of a path, and what is none of the routes.
  const isDescribed = (method: string): boolean => described.some((one) => one.path === '/' && one.method === method);
  const method = app.supportedMethods.filter((one) => !isDescribed(one));
  app.route({ method, url: '/', schema: hidden(), handler: handlerOf(() => '/') });
  const rest = handlerOf((params) => `/${params['*'] ?? ''}`);
  app.all('/*', { schema: hidden() }, rest);
}

type RouteParams = { readonly '*'?: string; readonly sessionId?: string };

/** For @fastify/swagger: it is no route to tell of. */
const hidden = (): object => ({ hide: true });

/**
 * The schemas tell, and do nothing: the routes know best what they read, and send it as bytes. Where there is no serializer, what the
 * app answers errors with goes out as it would without a schema.
 */
const UNCHECKED = { validatorCompiler: () => () => true, serializerCompiler: () => undefined as never };

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
