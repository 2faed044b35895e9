import { createSessions, type SessionStore, type Sessions, type SessionsOptions } from 'session-revocation';
import type { AuthenticationOptions } from 'session-revocation/express';
import { memoryStore } from 'session-revocation/memory';
import { onTestFinished } from 'vitest';
import { Browser, CHROME_ON_MAC } from './browser.ts';
import type { AppDescription, Framework, Page } from './framework.ts';
import { PAGES } from './pages.ts';
import { Gatekeeper } from './store.ts';

export const MINUTE = 60e3;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The name of the session's cookie in the realm `default`. */
export const COOKIE = '__Host-default-session';

/** A clock that stands still until the test moves it. */
export class TestClock {
  #now = Date.UTC(2026, 10, 1);

  now = (): number => this.#now;

  advance(ms: number): void {
    this.#now += ms;
  }
}

/** The options of a site under test. */
export interface SiteOptions extends Partial<Omit<AppDescription, 'sessions' | 'authentication'>> {
  /** The options of `authentication`, or a function that creates them from the `Sessions` object. */
  readonly authentication?: AppDescription['authentication'] | ((sessions: Sessions) => AuthenticationOptions);
  readonly sessions?: Omit<SessionsOptions<string>, 'store' | 'clock'>;
  readonly store?: SessionStore;
}

/** An app that is served, and its parts. */
export interface Site {
  readonly sessions: Sessions<string>;
  readonly store: Gatekeeper;
  readonly clock: TestClock;
  readonly url: string;
  browser(userAgent?: string): Browser;
}

/** Serves an app for the duration of a test. */
export async function open(framework: Framework, { authentication = {}, ...options }: SiteOptions = {}): Promise<Site> {
  const clock = new TestClock();
  const store = new Gatekeeper(options.store ?? memoryStore());
  // A stalled machine is no outage. Only the tests of outages set a short timeout.
  const sessions = createSessions({ timeout: '2m', ...options.sessions, store: store.store, clock });
  const { url, close } = await framework.serve({
    authentication: typeof authentication === 'function' ? authentication(sessions) : authentication,
    routes: {},
    routesOf: sessions,
    also: [],
    parsesBodies: false,
    overridesMethod: false,
    trustedProxy: null,
    ...options,
    pages: [...(options.pages ?? []), ...PAGES],
    sessions,
  });
  onTestFinished(async () => {
    await close();
    store.state = 'answers';
    await sessions.close();
  });
  return { sessions, store, clock, url, browser: (userAgent = CHROME_ON_MAC) => new Browser(url, userAgent) };
}

/** Returns a page that waits in the middle of its request, for tests of concurrent changes. */
export function pausedPage(path: string, then: Page['run']): Page & { readonly arrived: Promise<void>; go(): void } {
  const [arrived, arrive] = gate();
  const [going, go] = gate();
  return {
    method: 'post',
    path,
    run: async (request) => {
      arrive();
      await going;
      return then(request);
    },
    arrived,
    go,
  };
}

function gate(): readonly [passing: Promise<void>, open: () => void] {
  let open = (): void => {};
  const passing = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [passing, open];
}
