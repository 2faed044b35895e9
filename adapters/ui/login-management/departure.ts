import type { Settings } from './settings.ts';

/**
 * Goes to `login-url` after the session has ended, or reloads the page without one. `back` adds `returnTo` and `reason`.
 * Returns `false` if it stays, because the navigation would loop.
 */
export function depart(
  { loginUrl }: Settings,
  { back, answered, reason }: { back: boolean; answered: boolean; reason: string | null },
): boolean {
  if (loginUrl === null) {
    const [entry] = performance.getEntriesByType('navigation');
    // A reloaded page without a session would reload for ever.
    if (!answered && (entry as PerformanceNavigationTiming | undefined)?.type === 'reload') return false;
    location.reload();
    return true;
  }
  if (loginUrl.origin === location.origin && loginUrl.pathname === location.pathname) return false;
  location.assign(back ? withReturn(loginUrl, reason) : loginUrl);
  return true;
}

/** Adds this page as `returnTo` and the reason code as `reason`, like the server's guards. */
export function withReturn(loginUrl: URL, reason: string | null): URL {
  const url = new URL(loginUrl);
  url.searchParams.set('returnTo', location.pathname + location.search + location.hash);
  if (reason !== null) url.searchParams.set('reason', reason);
  return url;
}
