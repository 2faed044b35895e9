import type { Settings } from './settings.ts';

/**
 * Leaves the page after the session has ended: goes to `login-url` with the `reason`, or reloads the page if there is
 * none. `back` also adds `returnTo`. Returns `false` if it stays on the page, because the navigation would loop.
 * `answered` tells whether the server has sent data to this page.
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
  location.assign(back ? withReturn(loginUrl, reason) : withReason(loginUrl, reason));
  return true;
}

/** Adds this page as `returnTo` and the reason code as `reason`, like the server's guards. */
export function withReturn(loginUrl: URL, reason: string | null): URL {
  const url = withReason(loginUrl, reason);
  url.searchParams.set('returnTo', location.pathname + location.search + location.hash);
  return url;
}

function withReason(loginUrl: URL, reason: string | null): URL {
  const url = new URL(loginUrl);
  if (reason !== null) url.searchParams.set('reason', reason);
  return url;
}
