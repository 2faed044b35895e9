import type { Settings } from './settings.ts';

/**
 * Leaves the page after the session is over: goes to `login-url`, or reloads the page if there is none. With `back`,
 * `login-url` gets `returnTo` and `reason`.
 *
 * @returns `false` if it stays, because the navigation would loop.
 */
export function depart(
  { loginUrl }: Settings,
  { back, answered, reason }: { back: boolean; answered: boolean; reason: string | null },
): boolean {
  if (loginUrl === null) {
    const [entry] = performance.getEntriesByType('navigation');
    // The page was already reloaded and still has no session: another reload would loop.
    if (!answered && (entry as PerformanceNavigationTiming | undefined)?.type === 'reload') return false;
    location.reload();
    return true;
  }
  if (loginUrl.origin === location.origin && loginUrl.pathname === location.pathname) return false;
  location.assign(back ? withReturn(loginUrl, reason) : loginUrl);
  return true;
}

/** Returns `login-url` with this page as `returnTo` and the reason code as `reason`, like the server's guards. */
export function withReturn(loginUrl: URL, reason: string | null): URL {
  const url = new URL(loginUrl);
  url.searchParams.set('returnTo', location.pathname + location.search + location.hash);
  if (reason !== null) url.searchParams.set('reason', reason);
  return url;
}
