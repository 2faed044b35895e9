import type { Awaitable } from '../../../../src/adapter.ts';
import { kindOf } from '../../../../src/adapter.ts';
import type { Sessions } from '../../../../src/index.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import { type Auth, openAuth } from './auth.ts';

/** A registered symbol: the ESM and the CJS build, wrappers and bridges share it. */
export const AUTH: unique symbol = Symbol.for('session-revocation.auth');

/** A request of a framework, with one `Auth` for each realm that was read. The latest comes first. */
type WithAuth = object & { [AUTH]?: readonly Auth[] | null };

/**
 * Attaches an `Auth` to the request.
 * @throws `TypeError` if other code has set the property that the option names.
 */
export function attachAuth(request: WithAuth, auth: Auth): void {
  const { property } = auth.request.settings;
  const before = request[AUTH];
  request[AUTH] = before ? [auth, ...before] : [auth];
  if (property === null) return;
  const present: unknown = Reflect.get(request, property);
  if (present !== undefined && present !== null && !before?.includes(present as Auth)) {
    throw new TypeError(
      `the request has a property ${property} already, which other code has set: give the option another name`,
    );
  }
  Reflect.set(request, property, auth);
}

/** Authenticates a request and attaches the result. Synchronous where the store answers synchronously. */
export function authenticate(settings: HttpSettings, request: WithAuth, exchange: HttpExchange): Awaitable<void> {
  const auth = openAuth(settings, exchange);
  return auth instanceof Promise ? auth.then((opened) => attachAuth(request, opened)) : attachAuth(request, auth);
}

/** The `Auth` of a request in the realm of these sessions; without sessions, in the realm that was read last. */
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
  new TypeError(`${what} is there already: give the option property another name`);
