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
import type { Store } from 'express-session';
import type { Sessions } from '../../../src/index.ts';
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

export type { Auth } from '../../frameworks/http/index.ts';
export type { BridgeOptions } from '../shared/options.ts';
export type { InnerSession } from './inner-layer.ts';

/** Options of {@link bridge}. */
export interface ExpressSessionBridgeOptions extends BridgeOptions<InnerSession>, BridgeAuthenticationOptions {}

/** The result of {@link bridge}. */
export interface ExpressSessionBridge {
  /**
   * Returns the store for `session({ store })`. It never returns an ended session, and ends each session that the app destroys. All other
   * members of the inner store work as before.
   * @throws `TypeError` for a value that is not a store of express-session.
   */
  store<Inner extends Store>(inner: Inner): Inner;
  /** Use it before express-session, only with `adoptUntil`. It records the device of each adopted session. */
  middleware(): (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
}

/**
 * Bridges to express-session. Its cookies stay as they are. The bridge adds one field to its data: `sessionRevocation`, the session token.
 * Protect the inner store as before: read or write access to it is enough to act as any of its users.
 *
 * Sign in with `authOf(request).signIn`, then put the user into the session as before. The bridge refuses all other sign-ins, except those
 * that `adoptUntil` allows.
 *
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
        // Once per request: its `Auth` follows later changes of the session.
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
    middleware: http.withoutArguments(
      'bridged.middleware()',
      () =>
        function bridge(request, response, next) {
          shared.serve(new http.NodeExchange(request, response), next);
        },
    ),
  };
}
