import type { Awaitable } from '../../../../src/adapter.ts';
import { kindOf } from '../../../../src/adapter.ts';
import type { Sessions } from '../../../../src/index.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import { type Auth, openAuth } from './auth.ts';

/** Key under which a request holds its `Auth`. The ESM and the CJS build, wrappers and bridges share this registered symbol. */
export const AUTH: unique symbol = Symbol.for('session-revocation.auth');

/** A request with one `Auth` per realm that was read. The latest comes first. */
type WithAuth = object & { [AUTH]?: readonly Auth[] | null };

/**
 * Adds an `Auth` to a request, also under the property that the option `property` names.
 * @throws `TypeError` if other code has already set that property.
 */
export function attachAuth(request: WithAuth, auth: Auth): void {
  const { property } = auth.request.settings;
  const before = request[AUTH];
  request[AUTH] = before ? [auth, ...before] : [auth];
  if (property === null) return;
  const present: unknown = Reflect.get(request, property);
  if (present !== undefined && present !== null && !before?.includes(present as Auth)) {
    throw new TypeError(
      `other code has already set the property ${property} of the request: choose another name for the option property`,
    );
  }
  Reflect.set(request, property, auth);
}

/** Opens the `Auth` of a request and attaches it. Returns no promise if the store answers synchronously. */
export function authenticate(settings: HttpSettings, request: WithAuth, exchange: HttpExchange): Awaitable<void> {
  const auth = openAuth(settings, exchange);
  return auth instanceof Promise ? auth.then((opened) => attachAuth(request, opened)) : attachAuth(request, auth);
}

/** Returns the `Auth` of a request for these sessions, or `undefined`. Without `sessions`, it is that of the realm that was read last. */
export function attachedAuth<Trigger extends string, Transaction>(
  request: WithAuth,
  sessions: Sessions<Trigger, Transaction> | undefined,
): Auth<Trigger, Transaction> | undefined {
  if (typeof request !== 'object' || request === null) {
    throw new TypeError(`authOf(request): request must be the request (in Koa, the ctx), not ${kindOf(request)}`);
  }
  const auths = request[AUTH];
  const found = sessions === undefined ? auths?.[0] : auths?.find((auth) => isOf(auth, sessions));
  return found as Auth<Trigger, Transaction> | undefined;
}

const isOf = (auth: Auth, sessions: unknown): boolean => auth.request.settings.sessions === sessions;

export const propertyTaken = (what: string): TypeError =>
  new TypeError(`${what} already exists: choose another name for the option property`);
