import { claimed, kindOf, shown } from '../../../src/adapter.ts';
import type { HttpExchange } from './exchange.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const FETCH_SITES = new Set(['same-origin', 'same-site', 'cross-site', 'none']);

/**
 * Tells whether a request may change something. Includes WebSockets: they open with a GET, and `Upgrade` may hold a
 * list and versions (RFC 9110 7.8).
 */
export const isUnsafe = (exchange: HttpExchange): boolean =>
  !SAFE.has(exchange.method) || /websocket/i.test(exchange.header('upgrade') ?? '');

/**
 * Tells whether the request comes from the app's own pages. `Sec-Fetch-Site` decides, which no page can forge; without
 * it, `Origin` must be a configured origin. A request without both headers is refused, so clients other than browsers
 * send `Origin`. `Host` does not count, because the client chooses it. (Fetch Metadata 2.3, OWASP CSRF Prevention;
 * CSR-1 to CSR-6.)
 */
export function isOwnOrigin(exchange: HttpExchange, origins: readonly string[]): boolean {
  const origin = exchange.header('origin');
  const listed = origin !== undefined && origins.includes(origin);
  const site = exchange.header('sec-fetch-site');
  if (site === undefined || !FETCH_SITES.has(site)) return listed;
  if (site === 'same-origin') return true;
  // Other subdomains must be listed. `none` means the address bar or a bookmark, so only a navigation is accepted.
  if (site === 'same-site') return listed;
  return site === 'none' && exchange.header('sec-fetch-mode') === 'navigate' && (origin === undefined || listed);
}

export function explainCrossOrigin(exchange: HttpExchange, origins: readonly string[]): string {
  const told = (['Origin', 'Sec-Fetch-Site', 'Sec-Fetch-Mode'] as const).flatMap((name) => {
    const value = exchange.header(name.toLowerCase());
    return value === undefined ? [] : [`${name} is ${JSON.stringify((claimed(value) ?? '').slice(0, MAX_SHOWN))}`];
  });
  const hasSource = exchange.header('origin') !== undefined || exchange.header('sec-fetch-site') !== undefined;
  const found = hasSource
    ? told.join(', ')
    : 'it has neither Sec-Fetch-Site nor Origin, and a client other than a browser must send Origin';
  const listed =
    origins.length === 0 ? 'the option origins lists none' : `the option origins lists ${origins.join(', ')}`;
  return `${found}; allowed is Sec-Fetch-Site: same-origin, and ${listed}`;
}

const MAX_SHOWN = 100;

/** Refuses an entry that is not an origin, such as `https://app.example.org/path`. */
export function parseOrigins(origins: unknown): readonly string[] {
  if (origins === undefined) return [];
  if (!Array.isArray(origins)) {
    throw new TypeError(`origins must be an array such as ['https://app.example.org'], not ${kindOf(origins)}`);
  }
  return origins.map((origin: unknown) => {
    const url = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : null;
    if (url === null || url.origin !== origin || origin.includes('*')) {
      const meant = url === null || url.origin === 'null' ? 'https://app.example.org' : url.origin;
      throw new TypeError(
        `origins has ${shown(origin)}; an origin is scheme, host and port without a path: write '${meant}'`,
      );
    }
    return url.origin;
  });
}

/** Tells whether a browser loads a page, by a GET or by a form's POST. Pages get redirects, programs get problem responses. */
export function isNavigation(exchange: HttpExchange): boolean {
  if (exchange.method !== 'GET' && exchange.method !== 'POST') return false;
  const destination = exchange.header('sec-fetch-dest');
  if (destination !== undefined) return destination === 'document';
  return exchange.header('accept')?.includes('text/html') ?? false;
}

/**
 * Returns a path on this host from untrusted text, or `fallback` for text that a browser might read as another host:
 * `//evil`, `/\evil`, an absolute URL, or control characters, which browsers drop.
 * @param path the untrusted value, such as the query parameter `returnTo`. A value that is not a text or has more than
 * 2,048 characters gives `fallback`.
 * @param fallback the path to use instead. It is returned unchecked. Default `'/'`.
 */
export function safeReturnPath(path: unknown, fallback = '/'): string {
  if (typeof path !== 'string' || path.length > 2048 || !path.startsWith('/')) return fallback;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for control characters
  if (/[\u0000-\u0020\u007f\\]/.test(path) || path.startsWith('//')) return fallback;
  const base = 'http://localhost';
  if (!URL.canParse(path, base)) return fallback;
  const url = new URL(path, base);
  // Checks again after dots are resolved: a browser reads '/.//evil' as '//evil'.
  const resolved = url.pathname + url.search + url.hash;
  return url.origin === base && !resolved.startsWith('//') ? resolved : fallback;
}
