/**
 * For apps with express-session: the device list, ending one session, all others or all, policies, the audit log, and revocations that
 * hold. Guards and routes come from `session-revocation/express`. Use them right behind express-session.
 *
 * ```ts
 * const bridged = bridge(sessions, { user: (data) => data.userId });
 * app.use(session({ store: bridged.store(new RedisStore({ client })), secret, resave: false, saveUninitialized: false }));
 * app.use('/sessions', sessionRoutes(sessions));
 * ```
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Store } from 'express-session';
import type { Session, Sessions } from '../../../src/index.ts';
import type { UpgradeRequirements } from '../../frameworks/http/index.ts';
import * as http from '../../frameworks/http/index.ts';
import { authBy, Bridge } from '../shared/bridge.ts';
import {
  BRIDGE_CALL,
  type BridgeAuthenticationOptions,
  type BridgeOptions,
  parseBridge,
  parseInnerStore,
} from '../shared/options.ts';
import { overlay } from '../shared/overlay.ts';
import { BridgedStore, type OnOpened } from './bridged-store.ts';
import { type InnerSession, innerOf } from './inner-layer.ts';
import { preventLateCookie } from './late-cookies.ts';
import { SessionTransport } from './token-transport.ts';

export type { Auth, UpgradeRequirements } from '../../frameworks/http/index.ts';
export type { BridgeOptions } from '../shared/options.ts';
export type { InnerSession } from './inner-layer.ts';

/** Options of {@link bridge}. */
export interface ExpressSessionBridgeOptions extends BridgeOptions<InnerSession>, BridgeAuthenticationOptions {}

/**
 * The result of express-session's `session()`.
 * @param request the request, which need not be one of Express.
 * @param response the response, on which express-session sets its cookie.
 * @param next receives the error of the inner store, or nothing.
 */
export type SessionMiddleware = (request: never, response: never, next: (error?: unknown) => void) => void;

/** The result of {@link bridge}. */
export interface ExpressSessionBridge {
  /**
   * Returns the store for `session({ store })`. This store never hands out an ended session, and ends each session that the app destroys.
   * All other members of the inner store work as before.
   * @param inner the store that keeps the data.
   * @throws `TypeError` for a value that is not a store of express-session.
   */
  store<Inner extends Store>(inner: Inner): Inner;
  /**
   * Checks the session and the origin of a request that opens a WebSocket. No middleware sees that request. Returns a function for the
   * event `upgrade` of the HTTP server. That function returns the session, or answers 401, 403 across origins, or 503 in an outage, and
   * returns `null`. If express-session fails, for example because the inner store fails, the function answers 500 and rejects.
   * @param middleware the result of express-session's `session({ store })`, with the store of this bridge.
   * @param requirements kinds, scopes or freshness that the session needs. Default: any live session.
   * @throws `TypeError` for unknown requirements.
   * @example
   * ```ts
   * const upgrade = bridged.upgrade(sessionMiddleware);
   * server.on('upgrade', async (request, socket, head) => {
   *   const session = await upgrade(request, socket);
   *   if (session === null) return;
   *   sockets.handleUpgrade(request, socket, head, (ws) => { … });
   * });
   * ```
   */
  upgrade(
    middleware: SessionMiddleware,
    requirements?: UpgradeRequirements,
  ): (request: IncomingMessage, socket: Duplex) => Promise<Session | null>;
  /** Returns a middleware that records the device of each adopted session. Use it before express-session, and only with `adoptUntil`. */
  middleware(): (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
}

/**
 * Bridges to express-session. Its cookies stay as they are. The bridge adds one field to its data: `sessionRevocation`, the session token.
 * Protect the inner store as before: read or write access to it is enough to act as any of its users.
 *
 * Sign in with `authOf(request).signIn`, then put the user into the session as before. The bridge refuses all other sign-ins, except those
 * that `adoptUntil` allows.
 *
 * @param sessions the result of `createSessions`.
 * @param options `user`, which reads the user's id from the data, and options of `authentication`.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function bridge(sessions: Sessions, options: ExpressSessionBridgeOptions): ExpressSessionBridge {
  const { user, account, adoptUntil, ...authentication } = parseBridge(sessions, options);
  const settings = http.parseAuthenticationOptions(sessions, authentication, BRIDGE_CALL);
  const shared = new Bridge<InnerSession>(sessions, { user, account, adoptUntil });
  return {
    store<Inner extends Store>(inner: Inner): Inner {
      parseInnerStore(inner, ['get', 'set', 'destroy', 'createSession', 'on'], 'express-session');
      const known = new WeakSet<object>();
      const onOpened: OnOpened = (request, opened) => {
        // One `Auth` per request is enough: it follows later changes of the session.
        if (request.res === undefined || known.has(request)) return;
        known.add(request);
        const exchange = new http.NodeExchange(request, request.res);
        const heldId = opened.verdict?.session?.id ?? null;
        const transport = new SessionTransport(request, innerOf(inner), bridged, shared, heldId);
        preventLateCookie(request, request.res, opened, bridged, shared.abandonedIds);
        http.attachAuth(request, authBy(settings, exchange, transport, opened.verdict));
      };
      const bridged = new BridgedStore(innerOf(inner), shared, onOpened);
      return overlay(inner, bridged);
    },
    upgrade: (middleware, requirements = {}) =>
      http.guardUpgrade(requirements, (request, response) => behind(middleware, request, response)),
    middleware: http.withoutArguments(
      'bridged.middleware()',
      () =>
        function bridge(request, response, next) {
          shared.serve(new http.NodeExchange(request, response), next);
        },
    ),
  };
}

/** Runs express-session on a request that Express never sees. */
async function behind(
  middleware: SessionMiddleware,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<http.Auth> {
  Object.assign(request, { res: response });
  await new Promise<void>((resolve, reject) => {
    const next = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
    middleware(request as never, response as never, next);
  });
  const auth = http.attachedAuth(request, undefined);
  if (auth !== undefined) return auth;
  throw new TypeError(
    'upgrade needs the result of session({ store }) with the store of this bridge, within its cookie.path',
  );
}
