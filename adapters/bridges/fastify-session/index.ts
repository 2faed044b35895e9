/**
 * For apps that keep their sessions in @fastify/session: the device list, ending one, all others or everywhere, policies, the
 * audit log, and revocations that hold. Guards and routes are those of `session-revocation/fastify`.
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
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sessions } from '../../../src/index.ts';
import * as http from '../../frameworks/http/index.ts';
import { authBy, Bridge, type BridgeOptions, putStamp, verdictOf } from '../host/index.ts';
import { bearsId } from '../host/left-ids.ts';
import { over } from '../host/over.ts';
import { BridgedStore } from './bridged-store.ts';
import type { HostSession, SessionStore } from './host.ts';
import { SessionCarrier } from './session-carrier.ts';

export type { Auth } from '../../frameworks/http/index.ts';
export type { BridgeOptions } from '../host/index.ts';
export type { HostSession } from './host.ts';

/** Options of {@link bridge}. */
export interface FastifySessionBridgeOptions
  extends BridgeOptions<HostSession>,
    Pick<http.AuthenticationOptions, 'origins' | 'loginUrl' | 'property'> {}

/** What {@link bridge} gives. */
export interface FastifySessionBridge {
  /**
   * The same store, for the option `store` of @fastify/session: a session that is over is none, and whoever leaves one ends it.
   * What the store can do beyond that, it can do as before.
   * @throws `TypeError` for what is no store of @fastify/session.
   */
  store<Inner extends SessionStore>(inner: Inner): Inner;
  /** To be registered right behind @fastify/session, in the same scope: it tells `authOf(request)` who makes a request. */
  readonly plugin: (app: FastifyInstance) => Promise<void>;
  /**
   * To be added by `app.addHook('onRequest', …)` before @fastify/session where sessions are adopted, see `adoptUntil`: it tells the
   * device that each of them is listed with. All else works without.
   */
  readonly hook: (request: FastifyRequest, reply: FastifyReply, next: () => void) => void;
}

/**
 * Bridges to @fastify/session. Its cookies stay as they are, and so do its data, but for one more field, `sessionRevocation`: the token
 * of our session. The inner store keeps that as it keeps all else: whoever can read it has the tokens, and whoever can write to it can be anybody, as before.
 *
 * Sign in by `authOf(request).signIn`, and put the user into the session afterwards, as before: nobody else is let in, but for who was
 * signed in before the bridge came, with `adoptUntil`.
 *
 * An outage of our store is `SESSION_STORE_UNAVAILABLE` (503) to whoever is signed in, and leaves their cookie alone.
 *
 * @throws `TypeError` that names the option, what is wrong with it, and what is allowed.
 */
export function bridge(sessions: Sessions, options: FastifySessionBridgeOptions): FastifySessionBridge {
  const { user, account, adoptUntil, ...authentication } = options;
  const settings = http.parseAuthenticationOptions(sessions, authentication);
  const shared = new Bridge<HostSession>(sessions, { user, account, adoptUntil });
  const stores = new WeakMap<object, BridgedStore>();
  return {
    store(inner) {
      for (const verb of ['get', 'set', 'destroy'] as const) {
        if (typeof inner?.[verb] !== 'function')
          throw new TypeError(`the store has no ${verb}(): it is none of @fastify/session`);
      }
      const bridged = new BridgedStore(inner, shared);
      const { get, set, destroy } = bridged;
      const store = over(inner, { get, set, destroy });
      stores.set(store, bridged);
      return store;
    },
    plugin: pluginOf(async (app) => {
      http.decorateRequests(app, settings.property);
      app.addHook('onRequest', async function bridge(request, reply) {
        const store = stores.get(request.sessionStore);
        if (store === undefined) throw new TypeError('@fastify/session needs store: bridged.store(inner)');
        const { session } = request;
        const exchange = http.fastifyExchange(request, reply);
        const admission = store.findingOf(session) ?? (await shared.judge(session.sessionId, session));
        const carrier = new SessionCarrier(request, store, shared, admission);
        if (admission.is === 'refused' && shared.userOf(session) !== null) await carrier.refuse();
        if (admission.is === 'session' && admission.stamp !== null) putStamp(session, admission.stamp);
        http.attachAuth(request, authBy(settings, exchange, carrier, verdictOf(admission)));
      });
      // After the host's, which sets its cookie.
      app.addHook('onSend', function bridge(request, reply, _, done) {
        const sid: string | undefined = request.session?.sessionId;
        if (sid !== undefined && shared.left.has(sid)) {
          const exchange = http.fastifyExchange(request, reply);
          exchange.replaceSetCookies(exchange.setCookies().filter((line) => !bearsId(line, sid)));
        }
        done();
      });
    }),
    hook: (request, reply, next) => shared.serve(http.fastifyExchange(request, reply), next),
  };
}

/** What fastify-plugin would set: the hook is for the scope that registers it. */
function pluginOf(plugin: FastifySessionBridge['plugin']): FastifySessionBridge['plugin'] {
  const name = 'session-revocation/fastify-session';
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: name,
    [Symbol.for('plugin-meta')]: { name, fastify: '5.x', dependencies: ['@fastify/session'] },
  });
}
