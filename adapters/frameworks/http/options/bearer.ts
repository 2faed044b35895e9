import { parseArguments } from '../../../../src/adapter.ts';
import type { AccessTokens, AccessVerdict } from '../../../../src/jwt/index.ts';
import { type Cookie, type CookieOptions, parseCookie } from './cookie.ts';

/** An access token, with a refresh token if one was requested. */
export interface IssuedTokens {
  /** A JWT (RFC 9068), for the header `Authorization: Bearer`. */
  readonly accessToken: string;
  /** Opaque, and worth the whole session. Missing if a cookie holds it. */
  readonly refreshToken?: string | undefined;
  /** Lifetime of the access token, in s. */
  readonly expiresIn: number;
}

/** The subset of {@link AccessTokens} that the HTTP policy needs. As a type, it loads no code of `session-revocation/jwt`. */
export type BearerTokens = Pick<AccessTokens, 'check' | 'mint' | 'refresh' | 'jwks' | 'isTokenOf'>;

/** The OAuth client of a session, and where its refresh token is kept. `null` if the session cookie holds the secret. */
export type Grant = Extract<AccessVerdict, { ok: true }>['grant'];

/** Access tokens beside the cookie. */
export interface BearerOptions {
  /** The result of `accessTokens(sessions, …)`. */
  readonly tokens: BearerTokens;
  /**
   * A request with session cookie and access token: `'refuse'` (default) answers 400 (RFC 6750 2), `'bearer'` ignores
   * the cookie.
   */
  readonly withCookie?: 'refuse' | 'bearer' | undefined;
  /**
   * OAuth client (`client_id`, RFC 9068) of the app's own pages, for tokens of `POST /token` and of a `signIn` without
   * a client. Default: none. `POST /token` then does not exist, and a `signIn` with `tokens` must name its client.
   */
  readonly client?: string | undefined;
}

export interface BearerSettings {
  readonly tokens: BearerTokens;
  readonly ignoresCookie: boolean;
  readonly client: string | null;
  /** Cookie for a browser's refresh token. Scripts cannot read it. */
  readonly cookie: Cookie;
}

const METHODS = ['check', 'mint', 'refresh', 'jwks', 'isTokenOf'] as const;

/** Checks the option `bearer`. The refresh cookie is `SameSite=Strict`, because only the app's own scripts use it. */
export function parseBearer(
  bearer: BearerTokens | BearerOptions,
  realm: string,
  cookie: CookieOptions,
): BearerSettings {
  if (typeof bearer !== 'object' || bearer === null)
    throw new TypeError('bearer must be the result of accessTokens(sessions, …)');
  if ('tokens' in bearer) parseArguments('bearer', bearer, ['tokens', 'withCookie', 'client']);
  const { tokens, withCookie = 'refuse', client = null } = 'tokens' in bearer ? bearer : { tokens: bearer };
  if (METHODS.some((method) => typeof tokens?.[method] !== 'function')) {
    throw new TypeError('bearer, or bearer.tokens, must be the result of accessTokens(sessions, …)');
  }
  if (withCookie !== 'refuse' && withCookie !== 'bearer') {
    throw new TypeError(`bearer.withCookie is ${String(withCookie)}; allowed are 'refuse' and 'bearer'`);
  }
  if (client !== null && (typeof client !== 'string' || client === '')) {
    throw new TypeError("bearer.client must be the name of a client, such as 'web'");
  }
  const { name: _, ...shared } = cookie;
  const kept = parseCookie({ ...shared, sameSite: 'strict' }, realm, 'refresh');
  return { tokens, ignoresCookie: withCookie === 'bearer', client, cookie: kept };
}
