import { randomBytes } from 'node:crypto';
import type { Session } from '../../../../src/index.ts';
import type { HttpExchange } from '../exchange.ts';
import type { Cookie } from '../options/cookie.ts';
import { trimSpaces } from '../whitespace.ts';
import { warnAwayFromLoopback } from './insecure-cookie.ts';

/** Maximum age of a cookie in browsers, in s: 400 days (RFC 6265bis 5.5). */
export const MAX_COOKIE_AGE: number = 400 * 86400;

/** Returns the distinct values of the cookie, at most `max` + 1: enough to notice that there are too many. */
export function readCookie(exchange: HttpExchange, { name }: Cookie, max: number): readonly string[] {
  const values: string[] = [];
  const cookies = exchange.header('cookie') ?? '';
  // Searches by position, without splitting: every request runs this, and most have many cookies.
  for (let from = 0, end = 0; from < cookies.length && values.length <= max; from = end + 1) {
    end = cookies.indexOf(';', from);
    if (end < 0) end = cookies.length;
    const pair = cookies.slice(from, end);
    const at = pair.indexOf('=');
    if (at < 0 || trimSpaces(pair.slice(0, at)) !== name) continue;
    const value = trimSpaces(pair.slice(at + 1));
    if (!values.includes(value)) values.push(value);
  }
  return values;
}

/** Sets a cookie. `maxAge` is in seconds; `null` for a cookie that ends with the browser. */
export function setCookie(exchange: HttpExchange, cookie: Cookie, value: string, maxAge: number | null): void {
  if (!cookie.isSecure) warnAwayFromLoopback(exchange);
  const age = maxAge === null ? '' : `; Max-Age=${Math.max(0, Math.min(Math.floor(maxAge), MAX_COOKIE_AGE))}`;
  put(exchange, cookie, `${cookie.name}=${value}${cookie.attributes}${age}`);
}

/** Sets the cookie of a session. For the kind `browser`, it ends with the browser; for any other kind, with the session. */
export function setSessionCookie(
  exchange: HttpExchange,
  cookie: Cookie,
  { kind, expiresAt }: Session,
  token: string,
  now: number,
): void {
  const age = expiresAt === null ? MAX_COOKIE_AGE : (expiresAt - now) / 1000;
  setCookie(exchange, cookie, token, kind === 'browser' ? null : age);
}

/** Deletes a cookie. Browsers require the same name, path, domain and `Secure`. */
export function deleteCookie(exchange: HttpExchange, cookie: Cookie): void {
  put(exchange, cookie, `${cookie.name}=${cookie.attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT`);
}

/** Replaces the response's line for the cookie. A response has at most one (RFC 6265bis 4.1.1), so the last call wins. */
function put(exchange: HttpExchange, { name }: Cookie, line: string): void {
  const others = exchange.setCookies().filter((other) => !other.startsWith(`${name}=`));
  exchange.replaceSetCookies([...others, line]);
  exchange.setHeader('cache-control', 'no-store');
}

/** Makes an id that recognises a browser. It proves nothing about the user. */
export const newDeviceId = (): string => randomBytes(16).toString('base64url');
