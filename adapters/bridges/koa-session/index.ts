/**
 * For apps with koa-session and an external store: the device list, ending one session, all others or all, policies, the audit log, and
 * revocations that hold. Guards and routes come from `session-revocation/koa`.
 *
 * ```ts
 * const bridged = bridge(sessions, { user: (data: { userId?: string }) => data.userId });
 * app.use(session({ store: bridged.store(store) }, app));
 * app.use(bridged.middleware());
 * app.use(sessionRoutes(sessions, { path: '/sessions' }));
 * ```
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExtendableContext as Context, Next } from 'koa';
import type { Session, Sessions } from '../../../src/index.ts';
import type { UpgradeRequirements } from '../../frameworks/http/index.ts';
import * as http from '../../frameworks/http/index.ts';
import { KoaExchange, refuseOwnProperty } from '../../frameworks/koa/exchange.ts';
import { type Admission, ANONYMOUS, authBy, Bridge, isDead, verdictOf } from '../shared/bridge.ts';
import {
  BRIDGE_CALL,
  type BridgeAuthenticationOptions,
  type BridgeOptions,
  parseBridge,
  parseInnerStore,
} from '../shared/options.ts';
import { overlay } from '../shared/overlay.ts';
import { type InnerData, putStamp, stampOf, tombstone } from '../shared/stamp.ts';
import { BridgedStore } from './bridged-store.ts';
import { type ExternalStore, type InnerContext, isInnerContext } from './inner-layer.ts';
import { hasSessionCookie, preventLateCookie } from './late-cookies.ts';
import { type RequestState, RequestStates } from './request-state.ts';
import { SessionTransport } from './token-transport.ts';

export type { Auth, UpgradeRequirements } from '../../frameworks/http/index.ts';
export type { BridgeOptions } from '../shared/options.ts';
export type { InnerData } from '../shared/stamp.ts';
export type { Details, ExternalStore, MaxAge } from './inner-layer.ts';

/** Options of {@link bridge}. `Data` is the type of the data that the app keeps for a session. */
export interface KoaSessionBridgeOptions<Data extends InnerData>
  extends BridgeOptions<Data>,
    BridgeAuthenticationOptions {}

/** The subset of a Koa app that `upgrade` needs. */
export interface KoaApp {
  /**
   * Makes the `ctx` of a request.
   * @param request the request that opens a WebSocket.
   * @param response a response that is sent to no client.
   */
  createContext(request: IncomingMessage, response: ServerResponse): Context;
}

/**
 * The result of koa-session's `session()`.
 * @param ctx the context of the request.
 * @param next runs the next middleware.
 */
export type SessionMiddleware = (ctx: never, next: never) => unknown;

/** The result of {@link bridge}. */
export interface KoaSessionBridge {
  /**
   * Returns the store for the option `store` of koa-session. This store never hands out an ended session, and ends each session that the
   * app destroys. All other members of the inner store work as before.
   * @param inner the store that keeps the data.
   * @throws `TypeError` for a value that is not a store of koa-session.
   */
  store<Inner extends ExternalStore>(inner: Inner): Inner;
  /**
   * Checks the session and the origin of a request that opens a WebSocket. No middleware sees that request. Returns a function for the
   * event `upgrade` of the HTTP server. That function returns the session, or answers 401, 403 across origins, or 503 in an outage, and
   * returns `null`. If koa-session fails, for example because the inner store fails, the function answers 500 and rejects. koa-session
   * saves nothing, not even with `rolling`, because its response with the cookie is sent to no client.
   * @param app the app that koa-session was given.
   * @param middleware the result of koa-session's `session({ store }, app)`, with the store of this bridge.
   * @param requirements kinds, scopes or freshness that the session needs. Default: any live session.
   * @throws `TypeError` for unknown requirements.
   * @example
   * ```ts
   * const upgrade = bridged.upgrade(app, sessionMiddleware);
   * server.on('upgrade', async (request, socket, head) => {
   *   const session = await upgrade(request, socket);
   *   if (session === null) return;
   *   sockets.handleUpgrade(request, socket, head, (ws) => { … });
   * });
   * ```
   */
  upgrade(
    app: KoaApp,
    middleware: SessionMiddleware,
    requirements?: UpgradeRequirements,
  ): (request: IncomingMessage, socket: Duplex) => Promise<Session | null>;
  /** Returns a middleware that makes the `Auth` of each request for `authOf(ctx)`. Use it right behind koa-session. */
  middleware(): (ctx: Context, next: Next) => Promise<void>;
}

/**
 * Bridges to koa-session. Its cookies stay as they are. The bridge adds one field to its data: `sessionRevocation`, the session token.
 * Protect the inner store as before: read or write access to it is enough to act as any of its users.
 *
 * Sign in with `authOf(ctx).signIn`, then put the user into the session as before. The bridge refuses all other sign-ins, except those that
 * `adoptUntil` allows.
 *
 * While the store of `sessions` is out, signed-in users get `SESSION_STORE_UNAVAILABLE` (503). Their cookie stays.
 *
 * @param sessions the result of `createSessions`.
 * @param options `user`, which reads the user's id from the data, and options of `authentication`.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function bridge<Data extends InnerData>(
  sessions: Sessions,
  options: KoaSessionBridgeOptions<Data>,
): KoaSessionBridge {
  const { user, account, adoptUntil, ...authentication } = parseBridge(sessions, options);
  const settings = http.parseAuthenticationOptions(sessions, authentication, BRIDGE_CALL);
  const shared = new Bridge<Data>(sessions, { user, account, adoptUntil });
  const states = new RequestStates();
  const stores = new WeakSet<object>();

  async function admissionOf({ session }: InnerContext<Data>, { read }: RequestState): Promise<Admission> {
    if (session === null) return ANONYMOUS;
    // If the keys differ, koa-session has replaced the session that it read, because that one had ended by its own rules.
    return read?.key === session.externalKey
      ? (read?.admission ?? ANONYMOUS)
      : shared.judge(session.externalKey ?? '', session);
  }

  function requireInner(ctx: Context): asserts ctx is Context & InnerContext<Data> {
    if (!isInnerContext<Data>(ctx))
      throw new TypeError('koa-session must run before: app.use(session({ store }, app))');
    const { store, ContextStore } = ctx.sessionOptions;
    if (ContextStore === undefined && !(store instanceof Object && stores.has(store)))
      throw new TypeError('koa-session needs store: bridged.store(inner)');
  }

  async function open(ctx: Context & InnerContext<Data>): Promise<void> {
    const exchange = new KoaExchange(ctx);
    const state = states.of(ctx);
    const admission = await admissionOf(ctx, state);
    const transport = new SessionTransport(ctx, state, shared, admission);
    if (admission.is === 'refused' && ctx.session !== null) ctx.session = tombstone(stampOf(ctx.session));
    const { session } = ctx;
    if (session !== null) {
      if (admission.is === 'session' && admission.stamp !== null) putStamp(session, admission.stamp);
      state.stamp = stampOf(session);
    }
    if (state.read !== null) {
      const { key } = state.read;
      const isAbandoned = (): boolean => isDead(admission) || shared.abandonedIds.has(key);
      preventLateCookie(ctx, exchange, () => (state.savedKey ?? key) === key && isAbandoned());
    }
    http.attachAuth(ctx, authBy(settings, exchange, transport, verdictOf(admission)));
  }

  return {
    store(inner) {
      parseInnerStore(inner, ['get', 'set', 'destroy'], 'koa-session');
      const { get, set, destroy } = new BridgedStore(inner, shared, states);
      const store = overlay(inner, { get, set, destroy });
      stores.add(store);
      return store;
    },
    upgrade: (app, middleware, requirements = {}) =>
      http.guardUpgrade(requirements, async (request, response) => {
        const ctx = app.createContext(request, response);
        await behind(middleware, ctx);
        requireInner(ctx);
        return authBy(settings, new KoaExchange(ctx), null, verdictOf(await admissionOf(ctx, states.of(ctx))));
      }),
    middleware: http.withoutArguments(
      'bridged.middleware()',
      () =>
        async function bridge(ctx, next) {
          requireInner(ctx);
          refuseOwnProperty(ctx, settings.property);
          await open(ctx);
          await next();
          // Covers a save by the app itself, which has already set a cookie. The bridged store checks koa-session's own save.
          const { session } = ctx;
          const { read, savedKey } = states.of(ctx);
          if (session === null || savedKey === null || savedKey !== read?.key) return;
          if (hasSessionCookie(ctx) && (await shared.isStale(session))) shared.abandonedIds.add(savedKey);
        },
    ),
  };
}

/** Runs koa-session until it has read the session. koa-session saves once `next` resolves, and this `next` never resolves. */
async function behind(middleware: SessionMiddleware, ctx: Context): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const next = (): Promise<never> => {
      resolve();
      return new Promise(() => {});
    };
    const ran = async (): Promise<unknown> => middleware(ctx as never, next as never);
    ran().then(
      () => reject(new TypeError('upgrade(app, middleware): middleware must be the result of session({ store }, app)')),
      reject,
    );
  });
}
