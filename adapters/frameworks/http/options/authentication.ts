import {
  type AdapterHandle,
  adapterHandle,
  inCall,
  parseArguments,
  parseDuration,
  shown,
} from '../../../../src/adapter.ts';
import type { Duration, Sessions } from '../../../../src/index.ts';
import { describeValue } from '../describe-value.ts';
import type { HttpExchange } from '../exchange.ts';
import { parseOrigins, safeReturnPath } from '../origin.ts';
import { refuseUncalled } from '../refuse-uncalled.ts';
import { type BearerOptions, type BearerSettings, type BearerTokens, parseBearer } from './bearer.ts';
import { type Cookie, type CookieOptions, parseCookie } from './cookie.ts';

/** Options of `authentication`, in every framework. */
export interface AuthenticationOptions {
  /**
   * The session cookie. Default `__Host-<realm>-session; HttpOnly; Secure; SameSite=Lax; Path=/`. It ends with the
   * browser for the kind `browser`, otherwise with the session, after at most 400 days. `secure`, `domain` and `path`
   * also apply to the device cookie and the refresh cookie.
   */
  readonly cookie?: CookieOptions | undefined;
  /**
   * Access tokens beside the cookie (`Authorization: Bearer`, RFC 6750 2.1): the result of `accessTokens` of
   * `session-revocation/jwt`, or {@link BearerOptions} with it. Default: none, and the header is ignored.
   */
  readonly bearer?: BearerTokens | BearerOptions | undefined;
  /**
   * Login page for pages without a session: a path on this host, or a function of the request that returns a path or an
   * http(s) URL. Any other return value is a `TypeError`. The answer is a 303, with `returnTo` (the path of a GET) and
   * `reason` (why the session has ended). Default: none, and pages get a 401 like programs.
   */
  readonly loginUrl?: string | ((request: HttpExchange) => string) | undefined;
  /**
   * Origins of the app's own pages, such as `https://app.example.org`, compared exactly. An unsafe request with the
   * session cookie gets a 403 unless it has `Sec-Fetch-Site: same-origin` or one of these origins in `Origin`. List the
   * origins of other subdomains, and those of clients that send no `Sec-Fetch-Site`. Default: none.
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * Data that the browser clears at a sign-out (`Clear-Site-Data`, https only), such as `['cache', 'storage']`.
   * `'cache'` and `'storage'` are those of this origin, with service workers; `'executionContexts'` reloads its pages.
   * Default: none.
   */
  readonly clearSiteData?: readonly ('cache' | 'storage' | 'executionContexts')[] | undefined;
  /**
   * Property of the request (in Koa, of the context) that also holds its {@link Auth}, such as `'auth'`. The app
   * declares its type. Default: none, so that it cannot collide with other code.
   */
  readonly property?: string | undefined;
}

export interface HttpSettings {
  readonly sessions: Sessions;
  readonly handle: AdapterHandle;
  readonly cookie: Cookie;
  /** Cookie that recognises a browser; `null` if no kind replaces sessions by device. */
  readonly deviceCookie: Cookie | null;
  readonly bearer: BearerSettings | null;
  readonly origins: readonly string[];
  readonly property: string | null;
  readonly clearSiteData: string | null;
  loginUrl(exchange: HttpExchange): string | null;
}

const KNOWN = ['cookie', 'bearer', 'loginUrl', 'origins', 'property', 'clearSiteData'];
const CLEARABLE = ['cache', 'storage', 'executionContexts'];
const COOKIE_KEYS = ['name', 'secure', 'sameSite', 'domain', 'path'];

export function parseAuthenticationOptions(
  sessions: Sessions,
  options: AuthenticationOptions = {},
  call: string = 'authentication(sessions, options)',
): HttpSettings {
  return inCall(call, () => parse(sessions, options, call));
}

function parse(sessions: Sessions, options: AuthenticationOptions, call: string): HttpSettings {
  refuseNoSessions(sessions, call);
  parseArguments('options', options, KNOWN);
  const cookieOptions = options.cookie ?? {};
  if (Object.hasOwn(cookieOptions, 'maxAge') || Object.hasOwn(cookieOptions, 'expires')) {
    throw new TypeError(
      'cookie takes no maxAge and no expires: it ends with the session; see lifetime of createSessions',
    );
  }
  parseArguments('cookie', cookieOptions, COOKIE_KEYS);
  const { name: _, ...shared } = cookieOptions;
  const handle = adapterHandle(sessions);
  return {
    sessions,
    handle,
    cookie: parseCookie(cookieOptions, sessions.realm, 'session'),
    deviceCookie: handle.usesDeviceId ? parseCookie(shared, sessions.realm, 'device') : null,
    bearer: options.bearer === undefined ? null : parseBearer(options.bearer, sessions.realm, cookieOptions),
    origins: parseOrigins(options.origins),
    property: parseProperty(options.property),
    clearSiteData: parseClearSiteData(options.clearSiteData),
    loginUrl: parseLoginUrl(options.loginUrl),
  };
}

/** Makes the value of the header `Clear-Site-Data`. Browsers ignore a value without quotation marks. */
function parseClearSiteData(values: unknown): string | null {
  if (values === undefined) return null;
  if (Array.isArray(values) && values.length > 0 && values.every((value) => CLEARABLE.includes(value))) {
    return [...new Set(values)].map((value) => `"${value}"`).join(', ');
  }
  // The value `cookies` would clear the cookies of all subdomains, and every cookie that the answer sets (Clear Site Data 3.2, 4).
  const hint =
    Array.isArray(values) && values.includes('cookies') ? ". The session's own cookies are deleted anyway" : '';
  throw new TypeError(`clearSiteData must be an array of 'cache', 'storage' and 'executionContexts'${hint}`);
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
      // The app may destructure the exchange, as in `({ header }) => …`.
      exchange.header = exchange.header.bind(exchange);
      return locationOf(loginUrl(exchange));
    };
  }
  const path = safeReturnPath(loginUrl, '');
  if (path === '' || path.includes('#')) {
    throw new TypeError(
      `loginUrl is ${shown(loginUrl)}; allowed are a path on this host such as '/login', and a function of the request`,
    );
  }
  return () => path;
}

/** Checks the result of the app's `loginUrl`. Refuses an unsafe location: `//evil.example` looks like a path. */
function locationOf(answer: unknown): string {
  if (typeof answer !== 'string')
    throw new TypeError(`loginUrl returned ${describeValue(answer)}; ${ALLOWED_LOCATIONS}`);
  const isUrl = /^https?:\/\/[\x21-\x7e]+$/i.test(answer) && URL.canParse(answer);
  if ((isUrl || safeReturnPath(answer, '') !== '') && !answer.includes('#')) return answer;
  throw new TypeError(`loginUrl returned ${JSON.stringify(answer.slice(0, 200))}; ${ALLOWED_LOCATIONS}`);
}

const ALLOWED_LOCATIONS = "return a path on this host such as '/login', or a URL such as 'https://login.example.org/'";

export const parseMaxAge = (maxAge: Duration): number => parseDuration('maxAge', maxAge, { min: 0 });

export function refuseNoSessions(sessions: unknown, call: string): void {
  refuseUncalled(sessions, call);
  const { check, epochs } = (sessions ?? {}) as { readonly check?: unknown; readonly epochs?: unknown };
  if (typeof check === 'function') return;
  const found = typeof epochs === 'function' ? 'a store' : describeValue(sessions);
  throw new TypeError(`sessions must be the result of createSessions({ store }), not ${found}`);
}
