import type { Settings } from './settings.ts';

/**
 * Leaves the page of a session that is over: to `login-url`, with the way back, or to the same page anew, which the
 * server then answers as it answers strangers.
 *
 * @returns whether it leaves: not for a page that would only come back here, again and again.
 */
export function depart(
  { loginUrl }: Settings,
  { back, answered, reason }: { back: boolean; answered: boolean; reason: string | null },
): boolean {
  if (loginUrl === null) {
    const [entry] = performance.getEntriesByType('navigation');
    // It was loaded anew already, and has had no session since.
    if (!answered && (entry as PerformanceNavigationTiming | undefined)?.type === 'reload') return false;
    location.reload();
    return true;
  }
  if (loginUrl.origin === location.origin && loginUrl.pathname === location.pathname) return false;
  location.assign(back ? withReturn(loginUrl, reason) : loginUrl);
  return true;
}

/** `login-url` with the path of this page in `returnTo`, and in `reason` the code of why one has to, as the server's guards do. */
export function withReturn(loginUrl: URL, reason: string | null): URL {
  const url = new URL(loginUrl);
  url.searchParams.set('returnTo', location.pathname + location.search + location.hash);
  if (reason !== null) url.searchParams.set('reason', reason);
  return url;
}
