import type { Awaitable, Sessions } from '../../../src/index.ts';
import { type Auth, openAuth } from './auth.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';

/** Registered, so that the ESM and the CJS build, a wrapper and a bridge find each other's. */
export const AUTH: unique symbol = Symbol.for('session-revocation.auth');

/** A request of a framework, with what was found out about it: of every realm that was asked, the last one first. */
type WithAuth = object & { [AUTH]?: readonly Auth[] | null };

/**
 * Notes who makes a request.
 * @throws `TypeError` where somebody else has a value under the property that was asked for.
 */
export function attachAuth(request: WithAuth, auth: Auth): void {
  const { property } = auth.settings;
  const before = request[AUTH];
  request[AUTH] = before ? [auth, ...before] : [auth];
  if (property === null) return;
  const present: unknown = Reflect.get(request, property);
  if (present !== undefined && present !== null && !before?.includes(present as Auth)) {
    throw new TypeError(
      `the request has a property ${property} already, of somebody else: give the option another name`,
    );
  }
  Reflect.set(request, property, auth);
}

/** Finds out who makes a request, and notes it: at once where the store answers at once. */
export function authenticate(settings: HttpSettings, request: WithAuth, exchange: HttpExchange): Awaitable<void> {
  const auth = openAuth(settings, exchange);
  return auth instanceof Promise ? auth.then((opened) => attachAuth(request, opened)) : attachAuth(request, auth);
}

/** Who makes a request in the realm of these sessions, or in the one that was read last where none is named. */
export function attachedAuth<Trigger extends string>(
  request: WithAuth,
  sessions: Sessions<Trigger> | undefined,
): Auth<Trigger> | undefined {
  const auths = request[AUTH];
  const found = sessions === undefined ? auths?.[0] : auths?.find((auth) => isOf(auth, sessions));
  return found as Auth<Trigger> | undefined;
}

const isOf = (auth: Auth, sessions: unknown): boolean => auth.settings.sessions === sessions;
