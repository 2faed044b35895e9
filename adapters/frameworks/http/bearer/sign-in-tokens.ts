import { parseArguments, parseOAuthScope } from '../../../../src/adapter.ts';
import { isSessionError } from '../../../../src/index.ts';
import { clientInfoOf } from '../client-info.ts';
import { deleteCookie, readCookie } from '../cookie/cookie.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import type { BearerSettings, Grant } from '../options/bearer.ts';
import { isOwnOrigin } from '../origin.ts';
import { RefreshCookie } from './refresh-cookie.ts';

/** Access tokens instead of the session cookie, for a sign-in. */
export interface SignInTokens {
  /**
   * Where the refresh token goes. `'cookie'`, for pages: into a cookie that scripts cannot read. `'body'`, for apps:
   * into the result, for the app to send. `'body'` sets no cookie, so the request may come from any site.
   */
  readonly refresh: 'cookie' | 'body';
  /** The OAuth client: its id, and its name for lists. Default: the option `bearer.client`. */
  readonly client?:
    | string
    | {
        /** Identifier of the client (`client_id`). */
        readonly id: string;
        /** Name for lists. */
        readonly name: string;
      }
    | undefined;
  /** Scopes of the tokens, separated by spaces (RFC 6749 3.3). Default: none. */
  readonly scope?: string | undefined;
}

export interface Delivery {
  readonly bearer: BearerSettings;
  readonly grant: NonNullable<Grant>;
  readonly isInCookie: boolean;
}

export function parseSignInTokens({ bearer }: HttpSettings, tokens: SignInTokens): Delivery {
  if (bearer === null) throw new TypeError('a sign-in with tokens needs authentication(sessions, { bearer })');
  parseArguments('tokens', tokens, ['refresh', 'client', 'scope']);
  const { refresh, client = bearer.client, scope } = tokens;
  if (refresh !== 'cookie' && refresh !== 'body') {
    throw new TypeError(`tokens.refresh is ${String(refresh)}; allowed are 'cookie' and 'body'`);
  }
  if (client === null) throw new TypeError('a sign-in with tokens needs a client: tokens.client, or bearer.client');
  if (scope !== undefined) parseOAuthScope(scope);
  const { id, name } = typeof client === 'string' ? { id: client, name: client } : client;
  const isInCookie = refresh === 'cookie';
  return { bearer, grant: { id, name, scope: scope ?? null, kept: isInCookie ? 'cookie' : null }, isInCookie };
}

interface Replacement {
  readonly by: string;
  readonly reason: string;
  readonly fromDevice: string;
}

/**
 * Ends the session of the browser's previous refresh token. Deletes the cookie that the browser no longer uses, because
 * a request with a session cookie and an access token is refused. If the store does not answer, the sign-in succeeds,
 * and the previous session stays in its user's list.
 */
export async function endPrevious(
  settings: HttpSettings,
  exchange: HttpExchange,
  delivery: Delivery | null,
  replacement: Replacement,
): Promise<void> {
  const { bearer, sessions, cookie } = settings;
  if (bearer === null) return;
  const refreshCookie = new RefreshCookie(settings, bearer, exchange);
  const isOwn = isOwnOrigin(exchange, settings.origins);
  // Deleted even if the request did not have it: `SameSite` cookies are not sent on the return from an identity provider.
  if (delivery?.isInCookie === true) deleteCookie(exchange, cookie);
  if (delivery === null && !isOwn) refreshCookie.clear();
  if (!isOwn) return;
  if (delivery?.isInCookie === false && readCookie(exchange, cookie, 1).length > 0) deleteCookie(exchange, cookie);

  const [token, another] = refreshCookie.values;
  if (token === undefined) return;
  if (delivery?.isInCookie !== true) refreshCookie.clear();
  if (another !== undefined) return;
  try {
    // Refreshing proves that the client holds the token. A session id alone must not end another user's session.
    const refreshed = await bearer.tokens.refresh(token, clientInfoOf(exchange));
    if (refreshed.ok) await sessions.end(refreshed.session.id, { user: refreshed.session.user, ...replacement });
  } catch (error) {
    if (!isSessionError(error)) throw error;
  }
}
