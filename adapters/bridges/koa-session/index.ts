/**
 * For apps that keep their sessions in koa-session with an external store: the device list, ending one, all others or everywhere,
 * policies, the audit log, and revocations that hold. Guards and routes are those of `session-revocation/koa`.
 *
 * ```ts
 * const bridged = bridge(sessions, { user: (data: { userId?: string }) => data.userId });
 * app.use(session({ store: bridged.store(store) }, app));
 * app.use(bridged.middleware());
 * app.use(sessionRoutes(sessions, { path: '/sessions' }));
 * ```
 * @module
 */
import type { ExtendableContext as Context, Next } from 'koa';
import type { Sessions } from '../../../src/index.ts';
import * as http from '../../frameworks/http/index.ts';
import {
  type Admission,
  authBy,
  Bridge,
  type BridgeOptions,
  type HostData,
  putStamp,
  stampOf,
  verdictOf,
} from '../host/index.ts';
import { over } from '../host/over.ts';
import { BridgedStore } from './bridged-store.ts';
import { type ExternalStore, type HostContext, isHosted } from './host.ts';
import { SessionCarrier } from './session-carrier.ts';
import { type Visit, Visits } from './visit.ts';

export type { Auth } from '../../frameworks/http/index.ts';
export type { BridgeOptions, HostData } from '../host/index.ts';
export type { Details, ExternalStore, MaxAge } from './host.ts';

/** Options of {@link bridge}. `Data` is what the app keeps for a session. */
export interface KoaSessionBridgeOptions<Data extends HostData>
  extends BridgeOptions<Data>,
    Pick<http.AuthenticationOptions, 'origins' | 'loginUrl' | 'property'> {}

/** What {@link bridge} gives. */
export interface KoaSessionBridge {
  /**
   * The same store, for the option `store` of koa-session: a session that is over is none, and whoever leaves one ends it. What the
   * store can do beyond that, it can do as before.
   * @throws `TypeError` for what is no store of koa-session.
   */
  store<Inner extends ExternalStore>(inner: Inner): Inner;
  /** To be used right behind koa-session: it tells `authOf(ctx)` who makes a request. */
  middleware(): (ctx: Context, next: Next) => Promise<void>;
}

/**
 * Bridges to koa-session. Its cookies stay as they are, and so do its data, but for one more field, `sessionRevocation`: the token of our
 * session. The inner store keeps that as it keeps all else: whoever can read it has the tokens, and whoever can write to it can be anybody, as before.
 *
 * Sign in by `authOf(ctx).signIn`, and put the user into the session afterwards, as before: nobody else is let in, but for who was
 * signed in before the bridge came, with `adoptUntil`.
 *
 * An outage of our store is `SESSION_STORE_UNAVAILABLE` (503) to whoever is signed in, and leaves their cookie alone.
 *
 * @throws `TypeError` that names the option, what is wrong with it, and what is allowed.
 */
export function bridge<Data extends HostData>(
  sessions: Sessions,
  options: KoaSessionBridgeOptions<Data>,
): KoaSessionBridge {
  const { user, account, adoptUntil, ...authentication } = options;
  const settings = http.parseAuthenticationOptions(sessions, authentication);
  const shared = new Bridge<Data>(sessions, { user, account, adoptUntil });
  const visits = new Visits();
  const stores = new WeakSet<object>();

  async function admissionOf({ session }: HostContext<Data>, { finding }: Visit): Promise<Admission> {
    if (session === null) return { is: 'anonymous' };
    // Instead of one that is refused, or over by the host's own rules, the host has made a new one.
    const isOfIt =
      finding?.admission.is === 'refused' ? stampOf(session) === undefined : finding?.key === session.externalKey;
    return isOfIt && finding !== null ? finding.admission : shared.judge(session.externalKey ?? '', session);
  }

  async function arrive(ctx: Context & HostContext<Data>): Promise<void> {
    const exchange = http.koaExchange(ctx);
    const visit = visits.of(ctx);
    const admission = await admissionOf(ctx, visit);
    const carrier = new SessionCarrier(ctx, visit, shared, admission);
    const { session } = ctx;
    if (admission.is === 'refused' && session !== null && shared.userOf(session) !== null) await carrier.refuse();
    if (admission.is === 'session' && session !== null) {
      if (admission.stamp !== null) putStamp(session, admission.stamp);
      visit.stamp = stampOf(session);
    }
    http.attachAuth(ctx, authBy(settings, exchange, carrier, verdictOf(admission)));
  }

  return {
    store(inner) {
      for (const verb of ['get', 'set', 'destroy'] as const) {
        if (typeof inner?.[verb] !== 'function')
          throw new TypeError(`the store has no ${verb}(): it is none of koa-session`);
      }
      const { get, set, destroy } = new BridgedStore(inner, shared, visits);
      const store = over(inner, { get, set, destroy });
      stores.add(store);
      return store;
    },
    middleware: () =>
      async function bridge(ctx, next) {
        if (!isHosted<Data>(ctx)) throw new TypeError('koa-session must run before: app.use(session({ store }, app))');
        const { store, ContextStore } = ctx.sessionOptions;
        if (ContextStore === undefined && !(store instanceof Object && stores.has(store)))
          throw new TypeError('koa-session needs store: bridged.store(inner)');
        http.refuseOwnProperty(ctx, settings.property);
        await arrive(ctx);
        await next();
      },
  };
}
