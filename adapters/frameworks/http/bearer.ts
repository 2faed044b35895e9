import type { AccessTokens, AccessVerdict } from '../../../src/jwt/index.ts';
import { type Cookie, type CookieOptions, parseCookie } from './cookie.ts';
import { refuseUnknown } from './refuse-unknown.ts';

/** What is issued: an access token, and where one was asked for, the refresh token that gets the next one. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Opaque, and worth the whole session: only where its client keeps it itself, and not a cookie. */
  readonly refreshToken?: string | undefined;
  /** For how long the access token lasts, in s. */
  readonly expiresIn: number;
}

/** What is needed of the {@link AccessTokens} of `session-revocation/jwt`: of its code, nothing. */
export type BearerTokens = Pick<AccessTokens, 'check' | 'mint' | 'refresh' | 'jwks' | 'isTokenOf'>;

/** To which app a session was handed, and where its refresh token is kept; `null` for one whose secret is in the session's cookie. */
export type Grant = Extract<AccessVerdict, { ok: true }>['grant'];

/** Access tokens beside the cookie. */
export interface BearerOptions {
  /** Of `accessTokens(sessions, …)`. */
  readonly tokens: BearerTokens;
  /**
   * What becomes of a request that bears the session's cookie and an access token: `'refuse'` (the default) answers 400 (RFC 6750
   * 2), `'bearer'` does as if there was no cookie.
   */
  readonly withCookie?: 'refuse' | 'bearer' | undefined;
  /**
   * The client (RFC 9068, `client_id`) that the app's own pages are: `POST /token` mints for it, and so does `signIn` where it
   * names none. Default: none, and no such route.
   */
  readonly client?: string | undefined;
}

/** The same, resolved. */
export interface BearerSettings {
  readonly tokens: BearerTokens;
  readonly ignoresCookie: boolean;
  readonly client: string | null;
  /** The cookie that keeps a browser's refresh token, out of reach for scripts. */
  readonly cookie: Cookie;
}

const VERBS = ['check', 'mint', 'refresh', 'jwks', 'isTokenOf'] as const;

/** The cookie is that of the session, but for its name, and `SameSite=Strict`: nothing but our own scripts asks with it. */
export function parseBearer(
  bearer: BearerTokens | BearerOptions,
  realm: string,
  cookie: CookieOptions,
): BearerSettings {
  if (typeof bearer !== 'object' || bearer === null)
    throw new TypeError('bearer must come from accessTokens(sessions, …)');
  if ('tokens' in bearer) refuseUnknown('bearer', bearer, ['tokens', 'withCookie', 'client']);
  const { tokens, withCookie = 'refuse', client = null } = 'tokens' in bearer ? bearer : { tokens: bearer };
  if (VERBS.some((verb) => typeof tokens?.[verb] !== 'function')) {
    throw new TypeError('bearer must be, or have as its tokens, what accessTokens(sessions, …) gives');
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
