/**
 * Fastify 4 and 5. `authentication` is a plugin that reads the cookie and never answers by itself. `requireSession` and
 * `requireRecentSignIn` are guards. `sessionRoutes` is a plugin, registered under a prefix. `authOf` and `sessionOf`
 * return the `Auth` and the session of a request.
 *
 * ```ts
 * app.register(authentication, { sessions, loginUrl: '/login', origins: ['https://app.example.org'] });
 * app.register(sessionRoutes, { sessions, prefix: '/sessions' });
 * app.get('/me', { onRequest: requireSession() }, async (request) => ({ user: sessionOf(request).user }));
 * ```
 * @module
 */

import type { Readable } from 'node:stream';
import type { FastifyInstance, HookHandlerDoneFunction, RegisterOptions, RouteHandlerMethod } from 'fastify';
import type { BuiltInTrigger, Session, Sessions } from '../../../src/index.ts';
import * as http from '../http/index.ts';
import { decorateRequests, FastifyExchange, type Reply, type Request } from './exchange.ts';

export * from '../http/exports.ts';
export type { Auth, AuthenticationOptions, SessionRoutesOptions } from '../http/index.ts';
export { authenticateUpgrade, type UpgradeOptions } from '../http/index.ts';
export type { Reply, Request } from './exchange.ts';

/** Options of the plugin {@link authentication}. */
export interface AuthenticationPluginOptions extends http.AuthenticationOptions {
  /** The result of `createSessions`. Required. */
  readonly sessions: Sessions;
}

/** Options of the plugin {@link sessionRoutes}. `prefix` is an option of Fastify. */
export interface SessionRoutesPluginOptions extends http.SessionRoutesOptions, RegisterOptions {
  /** The result of `createSessions`. Required. */
  readonly sessions: Sessions;
}

/**
 * A hook for `onRequest`, `preValidation` or `preHandler`.
 * @param request the request, with an `Auth` of {@link authentication}.
 * @param reply the reply, which the guard sends if it refuses the request.
 * @param done continues with the request. An error goes to the error handler of Fastify.
 */
export type Guard = (request: Request, reply: Reply, done: HookHandlerDoneFunction) => void;

// Key of the settings in a Fastify scope. The ESM and the CJS build share a registered symbol. Child scopes inherit the value.
const SETTINGS: unique symbol = Symbol.for('session-revocation.settings');

/** A scope with the settings of each {@link authentication} in it or above. The latest comes first. */
type WithSettings = object & { [SETTINGS]?: readonly http.HttpSettings[] };

/**
 * Reads the session cookie of each request in this scope and below. Never answers by itself: guards report an outage.
 * @param app the scope. `app.register` passes it.
 * @param options `sessions`, and the options of `authentication` in every framework. Unknown names are a `TypeError`.
 */
export async function authentication(app: FastifyInstance, options: AuthenticationPluginOptions): Promise<void> {
  const { sessions, ...others } = options ?? {};
  const settings = http.parseAuthenticationOptions(sessions, others, 'app.register(authentication, { sessions })');
  decorateRequests(app, settings.property);
  const scope: WithSettings = app;
  scope[SETTINGS] = [settings, ...(scope[SETTINGS] ?? [])];
  app.addHook('onRequest', function authentication(request, reply, done) {
    const attached = http.authenticate(settings, request, new FastifyExchange(request, reply));
    if (attached instanceof Promise) attached.then(() => done(), done);
    else done();
  });
}

/**
 * Lets requests with a live session pass. Otherwise answers 401, 403 across origins, 503 in an outage, or redirects to
 * `loginUrl`.
 * @param options further requirements, such as kinds or scopes. Default: any live session passes.
 */
export function requireSession(options: http.RequireSessionOptions = {}): Guard {
  const guard = http.requireSessionGuard(options);
  return function requireSession(request, reply, done) {
    const guarded = guard(authOf(request, options.sessions));
    const go = (answer: http.Answer | null): void => void (answer === null ? done() : send(reply, answer));
    if (guarded instanceof Promise) guarded.then(go, done);
    else go(guarded);
  };
}

/**
 * Lets requests pass whose user authenticated recently, by the required methods. Otherwise answers 401 with the
 * challenge of RFC 9470.
 * @param options the maximum age of the authentication, `maxAge`, and the required methods.
 */
export function requireRecentSignIn(options: http.RecentSignInOptions): Guard {
  const guard = http.requireRecentSignInGuard(options);
  return function requireRecentSignIn(request, reply, done) {
    const guarded = guard(authOf(request, options.sessions));
    const go = (answer: http.Answer | null): void => void (answer === null ? done() : send(reply, answer));
    if (guarded instanceof Promise) guarded.then(go, done);
    else go(guarded);
  };
}

/**
 * The routes of a login-management page. Register them behind {@link authentication}, with `{ prefix: '/sessions' }`.
 * Each route has a schema for OpenAPI documents. Any other path below the prefix gets the app's 404.
 * @param app the scope of the prefix. `app.register` passes it.
 * @param options `sessions`, `authorize`, and the routes that exist. Default: all routes, and users act on their own
 * sessions.
 */
export async function sessionRoutes(app: FastifyInstance, options: SessionRoutesPluginOptions): Promise<void> {
  const { sessions, prefix, logLevel, logSerializers, ...others } = options;
  const handle = http.sessionRouteHandler(
    sessions,
    others,
    "app.register(sessionRoutes, { sessions, prefix: '/sessions' })",
  );
  const bodies = new WeakMap<Request, Readable>();
  // The app's parsers would refuse forms, and an empty body with a media type. The routes read the body themselves.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  app.addHook('preParsing', function sessionRoutes(request, _reply, payload, done) {
    bodies.set(request, payload as Readable);
    // Fastify 5 would refuse a malformed media type. The routes answer it like any type that they do not accept.
    const { headers, mediaType } = request;
    if (headers['content-type'] !== undefined && mediaType === undefined && 'mediaType' in request) {
      request.headers = { ...headers, 'content-type': undefined };
    }
    done(null, payload);
  });

  const handlerOf = (pathOf: (params: RouteParams) => string): RouteHandlerMethod =>
    async function sessionRoutes(request, reply) {
      const { params, raw } = request;
      const body = () => http.readNodeBody(raw, bodies.get(request), request.routeOptions.bodyLimit);
      const exchange = new FastifyExchange(request, reply, body);
      const answer = await handle(authOf(request, sessions), exchange, pathOf(params as RouteParams));
      if (answer === null) reply.callNotFound();
      else send(reply, answer);
      return reply;
    };

  const settings = (app as WithSettings)[SETTINGS]?.find((one) => one.sessions === sessions);
  const described = http.describeRoutes(others, settings ?? { bearer: null });
  for (const { method, path: url, schema } of described) {
    if (url !== '/' && app.hasRoute({ method, url: app.prefix.replace(/\/$/, '') + url })) continue;
    const handler = handlerOf(({ sessionId = '' }) => url.replace(':sessionId', () => sessionId));
    app.route({ method, url, schema, handler, ...UNCHECKED, exposeHeadRoute: false, prefixTrailingSlash: 'no-slash' });
  }
  // For other methods, other spellings of a path, and unknown paths.
  const isDescribed = (method: string): boolean => described.some((one) => one.path === '/' && one.method === method);
  const method = methodsOf(app).filter((one) => !isDescribed(one));
  app.route({ method, url: '/', schema: hidden(), handler: handlerOf(() => '/') });
  const rest = handlerOf((params) => `/${params['*'] ?? ''}`);
  app.all('/*', { schema: hidden() }, rest);
}

// Fastify 4 does not list its methods.
const methodsOf = (app: Partial<Pick<FastifyInstance, 'supportedMethods'>>): readonly string[] =>
  app.supportedMethods ?? ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

type RouteParams = { readonly '*'?: string; readonly sessionId?: string };

/** Hides the route from @fastify/swagger. */
const hidden = (): object => ({ hide: true });

/** The schemas only document: the routes validate input and send bytes themselves. */
const UNCHECKED = { validatorCompiler: () => () => true, serializerCompiler: () => undefined as never };

// With the `skip-override` of fastify-plugin, hooks belong to the scope that registers the plugin.
const metadata = (name: string): object => ({
  [Symbol.for('fastify.display-name')]: name,
  [Symbol.for('plugin-meta')]: { name, fastify: '4.x || 5.x' },
});
Object.assign(authentication, metadata('session-revocation/fastify'), { [Symbol.for('skip-override')]: true });
Object.assign(sessionRoutes, metadata('session-revocation/fastify/session-routes'));

/**
 * Returns the `Auth` of a request, with the types of the given sessions. Without `sessions`, it is the
 * `Auth` of the {@link authentication} that ran last.
 * @param request the request, as Fastify passes it to a handler or a hook.
 * @param sessions the realm, for requests with several. Default: the realm that was read last.
 * @throws `TypeError` if {@link authentication} did not run before.
 */
export function authOf<Trigger extends string = BuiltInTrigger, Transaction = unknown>(
  request: Request,
  sessions?: Sessions<Trigger, Transaction>,
): http.Auth<Trigger, Transaction> {
  const auth = http.attachedAuth(request, sessions);
  if (auth !== undefined) return auth;
  throw new TypeError('authentication must run before: app.register(authentication, { sessions })');
}

/**
 * Returns the session of a request, never `null`.
 * @param request the request, as Fastify passes it to a handler or a hook.
 * @param sessions the realm, for requests with several. Default: the realm that was read last.
 * @throws `SESSION_REQUIRED` (401), `SESSION_CROSS_ORIGIN` (403) or `SESSION_STORE_UNAVAILABLE` (503).
 */
export const sessionOf = (request: Request, sessions?: Sessions): Session => http.sessionOf(authOf(request, sessions));

// As bytes: Fastify would add a charset to the type of a string, and JSON has none (RFC 8259 11).
const send = (reply: Reply, { status, headers, body }: http.Answer): Reply =>
  reply
    .code(status)
    .headers(headers)
    .send(body === null ? undefined : Buffer.from(body));
