import { parseSwitch, shown } from '../../../../src/adapter.ts';

/** The session cookie (RFC 6265bis). Contradictory options are a `TypeError`. */
export interface CookieOptions {
  /**
   * Name, at most 128 characters. A new name signs every user out. Default `__Host-<realm>-session`. The prefix is
   * `__Secure-` with a `domain` or `path`, and missing with `secure: false`.
   */
  readonly name?: string | undefined;
  /**
   * Default `true`. `false` is only for `http://localhost`, and drops the name's prefix. On another host, the process warns once
   * (`SESSION_COOKIE_INSECURE`).
   */
  readonly secure?: boolean | undefined;
  /**
   * `'lax'`: sent with a link from another site. `'strict'`: never from another site. `'none'`: sent with every
   * request, so that only the origin check protects; needs `secure`. Default `'lax'`.
   */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /** Default: this host only. With a domain, every subdomain gets the cookie, even one that an attacker has taken over. */
  readonly domain?: string | undefined;
  /** Requests outside this path have no session. Default `'/'`. */
  readonly path?: string | undefined;
}

export interface Cookie {
  readonly name: string;
  /** `; Path=/; HttpOnly; …`. Browsers ignore a deletion with other attributes. */
  readonly attributes: string;
  readonly isSecure: boolean;
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;

const PREFIXES = ['__Host-Http-', '__Host-', '__Http-', '__Secure-'];

export function parseCookie(options: CookieOptions, realm: string, what: string): Cookie {
  const { sameSite = 'lax', domain, path = '/' } = options;
  const secure = parseSwitch('cookie.secure', options.secure, true);
  if (!['lax', 'strict', 'none'].includes(sameSite)) {
    throw new TypeError(`cookie.sameSite is ${shown(sameSite)}; allowed are 'lax', 'strict' and 'none'`);
  }
  if (sameSite === 'none' && !secure) throw new TypeError("cookie.sameSite 'none' needs cookie.secure");
  if (domain !== undefined && !/^[a-z0-9.-]{1,253}$/i.test(domain))
    throw new TypeError('cookie.domain must be a host name');
  if (!/^\/[\x21-\x3a\x3c-\x7e]{0,255}$/.test(path)) throw new TypeError("cookie.path must begin with '/'");

  const hostOnly = domain === undefined && path === '/';
  const prefix = !secure ? '' : hostOnly ? '__Host-' : '__Secure-';
  const name = options.name ?? `${prefix}${realm}-${what}`;
  if (!NAME.test(name)) {
    const hint = options.name === undefined ? ': the realm cannot be part of one, so set cookie.name' : '';
    throw new TypeError(`${JSON.stringify(name.slice(0, 60))} is not a valid cookie name${hint}`);
  }
  refuseBrokenPrefix(name, secure, hostOnly);

  const site = { lax: 'Lax', strict: 'Strict', none: 'None' }[sameSite];
  const parts = [`Path=${path}`, 'HttpOnly', `SameSite=${site}`];
  if (domain !== undefined) parts.push(`Domain=${domain}`);
  if (secure) parts.push('Secure');
  return { name, attributes: parts.map((part) => `; ${part}`).join(''), isSecure: secure };
}

/** Browsers silently drop a cookie whose attributes contradict its prefix (RFC 6265bis 4.1.3). */
function refuseBrokenPrefix(name: string, secure: boolean, hostOnly: boolean): void {
  const prefix = PREFIXES.find((known) => name.toLowerCase().startsWith(known.toLowerCase()));
  if (prefix === undefined) return;
  if (!name.startsWith(prefix)) throw new TypeError(`the cookie prefix must be written ${prefix}`);
  if (!secure) throw new TypeError(`a cookie named ${prefix}… needs cookie.secure`);
  if (prefix.startsWith('__Host-') && !hostOnly) {
    throw new TypeError(`a cookie named ${prefix}… allows no cookie.domain and no cookie.path but '/'`);
  }
}
