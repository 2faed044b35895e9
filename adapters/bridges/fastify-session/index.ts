/**
 * For apps with @fastify/session: the device list, ending one session, all others or all, policies, the audit log, and revocations that
 * hold. Guards and routes come from `session-revocation/fastify`.
 *
 * ```ts
 * const bridged = bridge(sessions, { user: (data) => data.userId });
 * app.register(fastifyCookie);
 * app.register(fastifySession, { store: bridged.store(new RedisStore({ client })), secret, saveUninitialized: false });
 * app.register(bridged.plugin);
 * app.register(sessionRoutes, { sessions, prefix: '/sessions' });
 * ```
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifySessionObject } from '@fastify/session';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Session, Sessions } from '../../../src/index.ts';
import { decorateRequests, FastifyExchange } from '../../frameworks/fastify/exchange.ts';
import type { UpgradeRequirements } from '../../frameworks/http/index.ts';
import * as http from '../../frameworks/http/index.ts';
import { ANONYMOUS, authBy, Bridge, isDead, verdictOf } from '../shared/bridge.ts';
import { promiseOf } from '../shared/callback-store.ts';
import {
  BRIDGE_CALL,
  type BridgeAuthenticationOptions,
  type BridgeOptions,
  parseBridge,
  parseInnerStore,
} from '../shared/options.ts';
import { overlay } from '../shared/overlay.ts';
import { containsId } from '../shared/recent-ids.ts';
import { putStamp, STAMP } from '../shared/stamp.ts';
import { BridgedStore } from './bridged-store.ts';
import type { InnerSession, SessionStore } from './inner-layer.ts';
import { SessionTransport } from './token-transport.ts';

export type { Auth, UpgradeRequirements } from '../../frameworks/http/index.ts';
export type { BridgeOptions } from '../shared/options.ts';
export type { InnerSession } from './inner-layer.ts';

/** Options of {@link bridge}. */
export interface FastifySessionBridgeOptions extends BridgeOptions<InnerSession>, BridgeAuthenticationOptions {}

/** Options of `bridged.upgrade`: the requirements, and two options of @fastify/session that the bridge cannot read from it. */
export interface FastifyUpgradeOptions extends UpgradeRequirements {
  /** The option `cookieName` of @fastify/session. Default `'sessionId'`. */
  readonly cookieName?: string | undefined;
  /** The option `cookiePrefix` of @fastify/session. Default: none. */
  readonly cookiePrefix?: string | undefined;
}

/** The result of {@link bridge}. */
export interface FastifySessionBridge {
  /**
   * Returns the store for the option `store` of @fastify/session. This store never hands out an ended session, and ends each session that
   * the app destroys. All other members of the inner store work as before.
   * @param inner the store that keeps the data.
   * @throws `TypeError` for a value that is not a store of @fastify/session.
   */
  store<Inner extends SessionStore>(inner: Inner): Inner;
  /**
   * Checks the session and the origin of a request that opens a WebSocket. No hook sees that request. Returns a function for the event
   * `upgrade` of `app.server`. That function returns the session, or answers 401, 403 across origins, or 503 in an outage, and returns
   * `null`. If @fastify/session fails, for example because the inner store fails, the function answers 500 and rejects.
   *
   * With @fastify/websocket, the hooks do run: use `requireSession()` and `sessionOf(request)` there, as for any route.
   * @param app the instance on which @fastify/session is registered, or one below.
   * @param options requirements for the session, and how its cookie is named. Default: any live session.
   * @throws `TypeError` for unknown options.
   * @example
   * ```ts
   * const upgrade = bridged.upgrade(app);
   * app.server.on('upgrade', async (request, socket, head) => {
   *   const session = await upgrade(request, socket);
   *   if (session === null) return;
   *   sockets.handleUpgrade(request, socket, head, (ws) => { … });
   * });
   * ```
   */
  upgrade(
    app: FastifyInstance,
    options?: FastifyUpgradeOptions,
  ): (request: IncomingMessage, socket: Duplex) => Promise<Session | null>;
  /**
   * Plugin that makes the `Auth` of each request for `authOf(request)`. Register it right behind @fastify/session, in
   * the same scope.
   * @param app the scope in which @fastify/session is registered. `app.register` passes it.
   */
  readonly plugin: (app: FastifyInstance) => Promise<void>;
  /**
   * Hook that records the device of each adopted session. Only with `adoptUntil`: `app.addHook('onRequest', bridged.hook)`, before
   * @fastify/session.
   * @param request the request, whose client is recorded.
   * @param reply the reply of the request. The hook does not send it.
   * @param next continues with the request.
   */
  readonly hook: (request: FastifyRequest, reply: FastifyReply, next: () => void) => void;
}

/**
 * Bridges to @fastify/session. Its cookies stay as they are. The bridge adds one field to its data: `sessionRevocation`, the session token.
 * Protect the inner store as before: read or write access to it is enough to act as any of its users.
 *
 * Sign in with `authOf(request).signIn`, then put the user into the session as before. The bridge refuses all other sign-ins, except those
 * that `adoptUntil` allows.
 *
 * While the store of `sessions` is out, signed-in users get `SESSION_STORE_UNAVAILABLE` (503). Their cookie stays.
 *
 * @param sessions the result of `createSessions`.
 * @param options `user`, which reads the user's id from the data, and options of `authentication`.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function bridge(sessions: Sessions, options: FastifySessionBridgeOptions): FastifySessionBridge {
  const { user, account, adoptUntil, ...authentication } = parseBridge(sessions, options);
  const settings = http.parseAuthenticationOptions(sessions, authentication, BRIDGE_CALL);
  const shared = new Bridge<InnerSession>(sessions, { user, account, adoptUntil });
  const stores = new WeakMap<object, BridgedStore>();
  const openedSessions = new WeakMap<object, OpenedSession>();
  return {
    store(inner) {
      parseInnerStore(inner, ['get', 'set', 'destroy'], '@fastify/session');
      const bridged = new BridgedStore(inner, shared);
      const { get, set, destroy } = bridged;
      const store = overlay(inner, { get, set, destroy });
      stores.set(store, bridged);
      return store;
    },
    upgrade(app, options = {}) {
      const { cookieName = 'sessionId', cookiePrefix = '', ...requirements } = options;
      return http.guardUpgrade(requirements, async (request, response) => {
        const session = await sessionBehind(app, request, cookieName, cookiePrefix);
        const admission = session === null ? ANONYMOUS : await shared.judge(session.sessionId, session);
        return authBy(settings, new http.NodeExchange(request, response), null, verdictOf(admission));
      });
    },
    plugin: pluginOf(async (app) => {
      decorateRequests(app, settings.property);
      app.addHook('onRequest', async function bridge(request, reply) {
        const store = stores.get(request.sessionStore);
        if (store === undefined) throw new TypeError('@fastify/session needs store: bridged.store(inner)');
        const { session } = request;
        const exchange = new FastifyExchange(request, reply);
        const known = store.takeAdmission(session);
        const admission = known ?? (await shared.judge(session.sessionId, session));
        const { sessionId = '' } = session;
        const isFromClient = known !== null || containsId(exchange.header('cookie') ?? '', sessionId);
        const sid = sessionId !== '' && isFromClient ? sessionId : null;
        if (sid !== null) openedSessions.set(request, { sid, isDead: isDead(admission), store });
        if (admission.is === 'refused') empty(session);
        if (admission.is === 'session' && admission.stamp !== null) putStamp(session, admission.stamp);
        const transport = new SessionTransport(request, store, shared, admission, sid);
        http.attachAuth(request, authBy(settings, exchange, transport, verdictOf(admission)));
      });
      // Removes a session cookie that could replace a newer one. Runs after the hook of @fastify/session that sets the cookie.
      app.addHook('onSend', async function bridge(request, reply) {
        const opened = openedSessions.get(request);
        const { session } = request;
        if (session?.sessionId === undefined || session.sessionId !== opened?.sid) return;
        const { sid, store } = opened;
        const exchange = new FastifyExchange(request, reply);
        const lines = exchange.setCookies();
        const others = lines.filter((line) => !containsId(line, sid));
        if (others.length === lines.length) return;
        if (opened.isDead || shared.abandonedIds.has(sid) || (await store.isSuperseded(sid, session)))
          exchange.replaceSetCookies(others);
      });
    }),
    hook: (request, reply, next) => shared.serve(new FastifyExchange(request, reply), next),
  };
}

interface OpenedSession {
  readonly sid: string;
  /** The response must not set this id again: the client may have a newer one. */
  readonly isDead: boolean;
  readonly store: BridgedStore;
}

function empty(session: InnerSession): void {
  for (const key of Object.keys(session)) if (key !== 'cookie' && key !== STAMP) Reflect.deleteProperty(session, key);
}

/** Reads the session as the hook of @fastify/session does. `null` without a cookie. */
async function sessionBehind(
  app: FastifyInstance,
  { headers }: IncomingMessage,
  cookieName: string,
  cookiePrefix: string,
): Promise<FastifySessionObject | null> {
  if (!app.hasDecorator('decryptSession'))
    throw new TypeError('upgrade(app) needs the instance on which @fastify/session is registered, after app.ready()');
  const value = app.parseCookie(headers.cookie ?? '')[cookieName] ?? '';
  if (value === '' || !value.startsWith(cookiePrefix)) return null;
  const request: { session?: FastifySessionObject } = {};
  await promiseOf((done) => app.decryptSession(value.slice(cookiePrefix.length), request as never, done));
  return request.session ?? null;
}

/** Adds the metadata of fastify-plugin: the hooks run in the scope that registers the plugin. */
function pluginOf(plugin: FastifySessionBridge['plugin']): FastifySessionBridge['plugin'] {
  const name = 'session-revocation/fastify-session';
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: name,
    [Symbol.for('plugin-meta')]: { name, fastify: '5.x', dependencies: ['@fastify/session'] },
  });
}
