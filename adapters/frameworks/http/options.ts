import { type Duration, parseDuration, type Sessions } from '../../../src/index.ts';
import { type BearerOptions, type BearerSettings, type BearerTokens, parseBearer } from './bearer.ts';
import { type Cookie, type CookieOptions, parseCookie } from './cookie.ts';
import type { HttpExchange } from './exchange.ts';
import { parseOrigins, safeReturnPath } from './origin.ts';
import { refuseUnknown } from './refuse-unknown.ts';

/** Options of `authentication`, in every framework. */
export interface AuthenticationOptions {
  /** The session cookie. Default `__Host-<realm>-session; HttpOnly; Secure; SameSite=Lax; Path=/`. */
  readonly cookie?: CookieOptions | undefined;
  /**
   * Access tokens beside the cookie (`Authorization: Bearer`, RFC 6750 2.1): what `accessTokens` of `session-revocation/jwt`
   * gives, or that with {@link BearerOptions}. Default: none, the header is not read.
   */
  readonly bearer?: BearerTokens | BearerOptions | undefined;
  /**
   * Where a page is sent that needs a session: a path on this host, or a function of the request. The path that was
   * asked for is added as `returnTo`. Default: none, pages are answered with 401 like programs.
   */
  readonly loginUrl?: string | ((request: HttpExchange) => string) | undefined;
  /**
   * The origins of our own pages, such as `https://app.example.org`, for clients that send no `Sec-Fetch-Site`, and
   * for pages on sister sites. Default: none.
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * Under which property of the request (in Koa, of the context) its {@link Auth} stands too, such as `'auth'`: its type is for you to
   * declare. Default: none, so that nobody else's is in the way.
   */
  readonly property?: string | undefined;
}

/** The options, resolved once. */
export interface HttpSettings {
  readonly sessions: Sessions;
  readonly cookie: Cookie;
  /** The cookie that knows a browser again, where the sessions replace by device. */
  readonly deviceCookie: Cookie | null;
  readonly bearer: BearerSettings | null;
  readonly origins: readonly string[];
  readonly property: string | null;
  loginUrl(exchange: HttpExchange): string | null;
}

const KNOWN = ['cookie', 'bearer', 'loginUrl', 'origins', 'property'];
const COOKIE_KEYS = ['name', 'secure', 'sameSite', 'domain', 'path'];

/** @throws `TypeError` that names the option, what is wrong with it, and what is allowed. */
export function parseAuthenticationOptions(sessions: Sessions, options: AuthenticationOptions = {}): HttpSettings {
  refuseOther(sessions);
  refuseUnknown('authentication', options, KNOWN);
  const cookieOptions = options.cookie ?? {};
  refuseUnknown('cookie', cookieOptions, COOKIE_KEYS);
  const { name: _, ...shared } = cookieOptions;
  return {
    sessions,
    cookie: parseCookie(cookieOptions, sessions.realm, 'session'),
    deviceCookie: sessions.usesDeviceId ? parseCookie(shared, sessions.realm, 'device') : null,
    bearer: options.bearer === undefined ? null : parseBearer(options.bearer, sessions.realm, cookieOptions),
    origins: parseOrigins(options.origins),
    property: parseProperty(options.property),
    loginUrl: parseLoginUrl(options.loginUrl),
  };
}

function parseProperty(property: unknown): string | null {
  if (property === undefined) return null;
  if (typeof property === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(property)) return property;
  throw new TypeError("property must be the name of a property, such as 'auth'");
}

function parseLoginUrl(loginUrl: unknown): HttpSettings['loginUrl'] {
  if (loginUrl === undefined) return () => null;
  if (typeof loginUrl === 'function') {
    return (exchange) => {
      // An app may take it off: `({ header }) => …`.
      exchange.header = exchange.header.bind(exchange);
      return String(loginUrl(exchange));
    };
  }
  const path = safeReturnPath(loginUrl, '');
  if (path === '' || path.includes('#')) {
    throw new TypeError("loginUrl must be a path on this host such as '/login', or a function of the request");
  }
  return () => path;
}

/** How old an authentication may be, in ms. */
export const parseMaxAge = (maxAge: Duration): number => parseDuration('maxAge', maxAge, 0);

/** @throws `TypeError` for what is no {@link Sessions}. */
export function refuseOther(sessions: unknown): void {
  if (typeof (sessions as Sessions | null | undefined)?.check === 'function') return;
  throw new TypeError('sessions must come from createSessions');
}
