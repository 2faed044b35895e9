import { isSessionError } from '../../../src/index.ts';
import type { SignInTokens } from './auth-requests.ts';
import type { BearerSettings, Grant } from './bearer.ts';
import { CookieCarrier } from './carrier.ts';
import { clientOf } from './client.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';
import { isOwnOrigin } from './origin.ts';
import { RefreshCookie } from './refresh-cookie.ts';
import { refuseUnknown } from './refuse-unknown.ts';
import { parseScopes } from './scope.ts';

/** How a sign-in hands over tokens. */
export interface Delivery {
  readonly bearer: BearerSettings;
  readonly grant: NonNullable<Grant>;
  readonly isInCookie: boolean;
}

/** @throws `TypeError` that names the option, what is wrong with it, and what is allowed. */
export function parseSignInTokens({ bearer }: HttpSettings, tokens: SignInTokens): Delivery {
  if (bearer === null) throw new TypeError('a sign-in with tokens needs authentication(sessions, { bearer })');
  refuseUnknown('tokens', tokens, ['refresh', 'client', 'scope']);
  const { refresh, client = bearer.client, scope } = tokens;
  if (refresh !== 'cookie' && refresh !== 'body') {
    throw new TypeError(`tokens.refresh is ${String(refresh)}; allowed are 'cookie' and 'body'`);
  }
  if (client === null) throw new TypeError('a sign-in with tokens needs a client: tokens.client, or bearer.client');
  if (scope !== undefined) parseScopes(scope);
  const { id, name } = typeof client === 'string' ? { id: client, name: client } : client;
  const isInCookie = refresh === 'cookie';
  return { bearer, grant: { id, name, scope: scope ?? null, kept: isInCookie ? 'cookie' : null }, isInCookie };
}

/** By whom a session is replaced. */
interface Replaced {
  readonly by: string;
  readonly reason: string;
  readonly from: string;
}

/**
 * What the browser was signed in with before goes: the session of its refresh token, which nobody would hold any more, and the
 * cookie of the way that it does not go from now on, since both at once are refused. Nothing of it fails the sign-in in an outage:
 * the new session has begun, and the old one stands in its user's list.
 */
export async function leaveBefore(
  settings: HttpSettings,
  exchange: HttpExchange,
  delivery: Delivery | null,
  replaced: Replaced,
): Promise<void> {
  const { bearer, sessions } = settings;
  if (bearer === null) return;
  const session = new CookieCarrier(settings, exchange);
  const cookie = new RefreshCookie(settings, bearer, exchange);
  const isOwn = isOwnOrigin(exchange, settings.origins);
  // Whether it was sent or not: on the way back from an identity provider, a browser keeps to itself what `SameSite` says.
  if (delivery?.isInCookie === true) session.take();
  if (delivery === null && !isOwn) cookie.remove();
  if (!isOwn) return;
  if (delivery?.isInCookie === false && session.tokens(1).length > 0) session.take();

  const [token, another] = cookie.values;
  if (token === undefined) return;
  if (delivery?.isInCookie !== true) cookie.remove();
  if (another !== undefined) return;
  try {
    // Used up, since whoever only names the session of another must not end it.
    const refreshed = await bearer.tokens.refresh(token, clientOf(exchange));
    if (refreshed.ok) await sessions.end(refreshed.session.id, { user: refreshed.session.user, ...replaced });
  } catch (error) {
    if (!isSessionError(error)) throw error;
  }
}
