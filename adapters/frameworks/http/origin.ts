import type { HttpExchange } from './exchange.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const FETCH_SITES = new Set(['same-origin', 'same-site', 'cross-site', 'none']);

/** Whether a request may change something, and so must come from our own pages. A WebSocket is opened by a GET. */
export const isUnsafe = (exchange: HttpExchange): boolean =>
  !SAFE.has(exchange.method) || exchange.header('upgrade')?.toLowerCase() === 'websocket';

/**
 * Whether a request comes from our own pages: by `Sec-Fetch-Site`, which no page can forge; else by an exact match of
 * `Origin` with the configured origins. With neither it does not: a client that is no browser sends `Origin`.
 * (Fetch Metadata 2.3, OWASP CSRF Prevention; CSR-1 to CSR-6.) The target's own origin is configured, never taken from
 * `Host`, which a client chooses.
 */
export function isOwnOrigin(exchange: HttpExchange, origins: readonly string[]): boolean {
  const origin = exchange.header('origin');
  const listed = origin !== undefined && origins.includes(origin);
  const site = exchange.header('sec-fetch-site');
  if (site === undefined || !FETCH_SITES.has(site)) return listed;
  if (site === 'same-origin') return true;
  // A sister site only where it is named; typed into the address bar or a bookmark only as a navigation.
  if (site === 'same-site') return listed;
  return site === 'none' && exchange.header('sec-fetch-mode') === 'navigate' && (origin === undefined || listed);
}

/** @throws `TypeError` for what is no origin: `https://app.example.org`, without a path. */
export function parseOrigins(origins: unknown): readonly string[] {
  if (origins === undefined) return [];
  if (!Array.isArray(origins)) throw new TypeError("origins must be an array such as ['https://app.example.org']");
  return origins.map((origin: unknown) => {
    const url = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : null;
    if (url === null || url.origin !== origin || origin.includes('*')) {
      throw new TypeError(
        `origins has ${JSON.stringify(origin)}; an origin is scheme, host and port, such as 'https://app.example.org'`,
      );
    }
    return url.origin;
  });
}

/**
 * Whether a person is looking at this: a page is answered with a redirect, a program with a problem. Browsers navigate by
 * GET, and by a form's POST.
 */
export function isNavigation(exchange: HttpExchange): boolean {
  if (exchange.method !== 'GET' && exchange.method !== 'POST') return false;
  const destination = exchange.header('sec-fetch-dest');
  if (destination !== undefined) return destination === 'document';
  return exchange.header('accept')?.includes('text/html') ?? false;
}

/**
 * A path on this host to return to, from text that anybody may have written: `fallback` for whatever a browser might
 * read as another host (`//evil`, `/\evil`, control characters that it drops, an absolute URL).
 */
export function safeReturnPath(path: unknown, fallback = '/'): string {
  if (typeof path !== 'string' || path.length > 2048 || !path.startsWith('/')) return fallback;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u0020\u007f\\]/.test(path) || path.startsWith('//')) return fallback;
  const base = 'http://localhost';
  if (!URL.canParse(path, base)) return fallback;
  const url = new URL(path, base);
  // What dots resolve to counts: '/.//evil' is '//evil' to a browser.
  const resolved = url.pathname + url.search + url.hash;
  return url.origin === base && !resolved.startsWith('//') ? resolved : fallback;
}
