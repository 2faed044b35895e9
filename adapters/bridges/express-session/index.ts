/**
 * For apps that keep their sessions in express-session: the device list, ending one, all others or everywhere, policies, the audit
 * log, and revocations that hold. Guards and routes are those of `session-revocation/express`, right behind express-session.
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
import { authBy, Bridge, type BridgeOptions } from '../host/index.ts';
import { over } from '../host/over.ts';
import { type Arrived, BridgedStore } from './bridged-store.ts';
import { type HostSession, innerOf } from './host.ts';
import { setNoLateCookie } from './late-cookies.ts';
import { SessionCarrier } from './session-carrier.ts';

export type { Auth } from '../../frameworks/http/index.ts';
export type { BridgeOptions } from '../host/index.ts';
export type { HostSession } from './host.ts';

/** Options of {@link bridge}. */
export interface ExpressSessionBridgeOptions
  extends BridgeOptions<HostSession>,
    Pick<http.AuthenticationOptions, 'origins' | 'loginUrl' | 'property'> {}

/** What {@link bridge} gives. */
export interface ExpressSessionBridge {
  /**
   * The same store, for `session({ store })`: a session that is over is none, and whoever leaves one ends it. What the store
   * can do beyond that, it can do as before.
   * @throws `TypeError` for what is no store of express-session.
   */
  store<Inner extends Store>(inner: Inner): Inner;
  /**
   * To be used before express-session where sessions are adopted, see `adoptUntil`: it tells the device that each of them is listed
   * with. All else works without.
   */
  middleware(): (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
}

/**
 * Bridges to express-session. Its cookies stay as they are, and so do its data, but for one more field, `sessionRevocation`: the token
 * of our session. The inner store keeps that as it keeps all else:
 * whoever can read it has the tokens, and whoever can write to it can be anybody, as before.
 *
 * Sign in by `authOf(request).signIn`, and put the user into the session afterwards, as before: nobody else is let in, but for
 * who was signed in before the bridge came, with `adoptUntil`.
 *
 * @throws `TypeError` that names the option, what is wrong with it, and what is allowed.
 */
export function bridge(sessions: Sessions, options: ExpressSessionBridgeOptions): ExpressSessionBridge {
  const { user, account, adoptUntil, ...authentication } = options;
  const settings = http.parseAuthenticationOptions(sessions, authentication);
  const shared = new Bridge<HostSession>(sessions, { user, account, adoptUntil });
  return {
    store<Inner extends Store>(inner: Inner): Inner {
      for (const verb of ['get', 'set', 'destroy', 'createSession', 'on'] as const) {
        if (typeof inner?.[verb] !== 'function')
          throw new TypeError(`the store has no ${verb}(): it is none of express-session`);
      }
      const known = new WeakSet<object>();
      const arrived: Arrived = (request, verdict) => {
        // Once for a request: what it becomes later, its `Auth` knows by itself.
        if (request.res === undefined || known.has(request)) return;
        known.add(request);
        const exchange = http.nodeExchange(request, request.res);
        const held = verdict?.session?.id ?? null;
        const carrier = new SessionCarrier(request, innerOf(inner), bridged, shared, held);
        setNoLateCookie(request, request.res, shared.left);
        http.attachAuth(request, authBy(settings, exchange, carrier, verdict));
      };
      const bridged = new BridgedStore(innerOf(inner), shared, arrived);
      return over(inner, bridged);
    },
    middleware: () =>
      function bridge(request, response, next) {
        shared.serve(http.nodeExchange(request, response), next);
      },
  };
}
