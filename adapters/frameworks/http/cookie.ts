import type { HttpExchange } from './exchange.ts';

/** The session cookie (RFC 6265bis). Contradictions are a `TypeError` at once. */
export interface CookieOptions {
  /** Default `__Host-<realm>-session`; `__Secure-…` with a `domain` or a `path`; without a prefix where `secure` is `false`. */
  readonly name?: string | undefined;
  /** Default `true`. `false` is for `http://localhost` and nothing else: it also drops the name's prefix. */
  readonly secure?: boolean | undefined;
  /** Default `'lax'`. `'none'` needs `secure`. */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /** Default: this host only. With one, every subdomain gets the cookie, also one that was taken over. */
  readonly domain?: string | undefined;
  /** Default `'/'`. */
  readonly path?: string | undefined;
}

/** The cookie, resolved. */
export interface Cookie {
  readonly name: string;
  /** `; Path=/; HttpOnly; …`: the same for setting and for deleting, else a browser ignores the deletion. */
  readonly attributes: string;
}

/** No browser keeps a cookie longer (RFC 6265bis 5.5). */
export const LONGEST_COOKIE: number = 400 * 86400;

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
const PREFIXES = ['__Host-Http-', '__Host-', '__Http-', '__Secure-'];

/** @throws `TypeError` that names the option, what is wrong with it, and what is allowed. */
export function parseCookie(options: CookieOptions, realm: string, what: string): Cookie {
  const { secure = true, sameSite = 'lax', domain, path = '/' } = options;
  if (typeof secure !== 'boolean') throw new TypeError('cookie.secure must be a boolean');
  if (!['lax', 'strict', 'none'].includes(sameSite)) {
    throw new TypeError(`cookie.sameSite is ${String(sameSite)}; allowed are 'lax', 'strict' and 'none'`);
  }
  if (sameSite === 'none' && !secure) throw new TypeError("cookie.sameSite 'none' needs cookie.secure");
  if (domain !== undefined && !/^[a-z0-9.-]{1,253}$/i.test(domain))
    throw new TypeError('cookie.domain must be a host name');
  if (!/^\/[\x21-\x3a\x3c-\x7e]{0,255}$/.test(path)) throw new TypeError("cookie.path must begin with '/'");

  const hostOnly = domain === undefined && path === '/';
  const prefix = !secure ? '' : hostOnly ? '__Host-' : '__Secure-';
  const name = options.name ?? `${prefix}${realm}-${what}`;
  if (!NAME.test(name)) {
    const hint = options.name === undefined ? ': the realm does not fit into one, so give a cookie.name' : '';
    throw new TypeError(`${JSON.stringify(name.slice(0, 60))} is no name for a cookie${hint}`);
  }
  refuseBrokenPrefix(name, secure, hostOnly);

  const site = { lax: 'Lax', strict: 'Strict', none: 'None' }[sameSite];
  const parts = [`Path=${path}`, 'HttpOnly', `SameSite=${site}`];
  if (domain !== undefined) parts.push(`Domain=${domain}`);
  if (secure) parts.push('Secure');
  return { name, attributes: parts.map((part) => `; ${part}`).join('') };
}

/** A browser drops, in silence, a cookie that does not keep what its prefix promises (RFC 6265bis 4.1.3). */
function refuseBrokenPrefix(name: string, secure: boolean, hostOnly: boolean): void {
  const prefix = PREFIXES.find((known) => name.toLowerCase().startsWith(known.toLowerCase()));
  if (prefix === undefined) return;
  if (!name.startsWith(prefix)) throw new TypeError(`the cookie's prefix is spelled ${prefix}`);
  if (!secure) throw new TypeError(`a cookie named ${prefix}… needs cookie.secure`);
  if (prefix.startsWith('__Host-') && !hostOnly) {
    throw new TypeError(`a cookie named ${prefix}… allows no cookie.domain and no cookie.path but '/'`);
  }
}

/** Every value that the request has for this cookie, at most one more than `most`. */
export function readCookie(exchange: HttpExchange, { name }: Cookie, most: number): readonly string[] {
  const values: string[] = [];
  const cookies = exchange.header('cookie') ?? '';
  // By position: every request passes here, and has as a rule more cookies than this one.
  for (let from = 0, end = 0; from < cookies.length && values.length <= most; from = end + 1) {
    end = cookies.indexOf(';', from);
    if (end < 0) end = cookies.length;
    const pair = cookies.slice(from, end);
    const at = pair.indexOf('=');
    if (at < 0 || pair.slice(0, at).trim() !== name) continue;
    const value = pair.slice(at + 1).trim();
    if (!values.includes(value)) values.push(value);
  }
  return values;
}

/** Sets the cookie; `maxAge` in seconds, `null` for one that ends with the browser. */
export function setCookie(exchange: HttpExchange, cookie: Cookie, value: string, maxAge: number | null): void {
  const age = maxAge === null ? '' : `; Max-Age=${Math.max(0, Math.min(Math.floor(maxAge), LONGEST_COOKIE))}`;
  put(exchange, cookie, `${cookie.name}=${value}${cookie.attributes}${age}`);
}

/** Deletes the cookie: same name, path, domain and `Secure`, or the browser keeps it. */
export function deleteCookie(exchange: HttpExchange, cookie: Cookie): void {
  put(exchange, cookie, `${cookie.name}=${cookie.attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT`);
}

/** At most one line for a cookie (RFC 6265bis 4.1.1): the last word counts. A response with a token is not for caches. */
function put(exchange: HttpExchange, { name }: Cookie, line: string): void {
  const others = exchange.setCookies().filter((other) => !other.startsWith(`${name}=`));
  exchange.replaceSetCookies([...others, line]);
  exchange.setHeader('cache-control', 'no-store');
}
