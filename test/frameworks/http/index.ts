import { describe } from 'vitest';
import { includes } from '../../ci-only.ts';
import { atOnce } from './at-once.ts';
import { bearerInput } from './bearer-input.ts';
import { bearerRefusals } from './bearer-refusals.ts';
import { bearerRotation } from './bearer-rotation.ts';
import { bearerWorth } from './bearer-worth.ts';
import { bodies } from './bodies.ts';
import { bodyLimit } from './body-limit.ts';
import { caching } from './caching.ts';
import { challenges } from './challenges.ts';
import { clearSiteData } from './clear-site-data.ts';
import { cookieBytes } from './cookie-bytes.ts';
import { cookieInput } from './cookie-input.ts';
import { cookieOptions } from './cookie-options.ts';
import { cookieOutput } from './cookie-output.ts';
import { crossOrigin } from './cross-origin.ts';
import { decidingCallbacks } from './deciding-callbacks.ts';
import { devices } from './devices.ts';
import { endStates } from './end-states.ts';
import type { Framework } from './framework.ts';
import { freshness } from './freshness.ts';
import { guards } from './guards.ts';
import { inTransaction } from './in-transaction.ts';
import { lateRefusals } from './late-refusals.ts';
import { list } from './list.ts';
import { members } from './members.ts';
import { outage } from './outage.ts';
import { policy } from './policy.ts';
import { problems } from './problems.ts';
import { proxy } from './proxy.ts';
import { races } from './races.ts';
import { realms } from './realms.ts';
import { recentSignIn } from './recent-sign-in.ts';
import { redirects } from './redirects.ts';
import { refreshBody } from './refresh-body.ts';
import { refreshCookie } from './refresh-cookie.ts';
import { routes } from './routes.ts';
import { routesForOthers } from './routes-for-others.ts';
import { sameBytes } from './same-bytes.ts';
import { signIn } from './sign-in.ts';
import { standards } from './standards.ts';
import { tokenSignIn } from './token-sign-in.ts';

export { listen } from './framework.ts';

const CONCERNS = {
  guards,
  'recent sign-in': recentSignIn,
  freshness,
  'sign-in': signIn,
  'answers of an app’s own functions': decidingCallbacks,
  'cookies that come': cookieInput,
  'the bytes around a cookie': cookieBytes,
  'cookies that go': cookieOutput,
  'options of the cookie': cookieOptions,
  'Clear-Site-Data': clearSiteData,
  caches: caching,
  challenges,
  problems,
  'the same bytes in every framework': sameBytes,
  'cross-origin': crossOrigin,
  'the list': list,
  routes,
  'routes for others': routesForOthers,
  'in a transaction of the app': inTransaction,
  'why a session is over': endStates,
  policy,
  realms,
  bodies,
  'what a request may name': members,
  'the limit of a body': bodyLimit,
  redirects,
  outage,
  'a store that answers at once': atOnce,
  races,
  'refusals that arrive late': lateRefusals,
  devices,
  'behind a proxy': proxy,
  'access tokens': bearerInput,
  'access tokens that are refused': bearerRefusals,
  'in the name of an access token': bearerRotation,
  'what an access token is worth': bearerWorth,
  'refresh tokens of apps': refreshBody,
  'refresh tokens of pages': refreshCookie,
  'sign-ins and routes for tokens': tokenSignIn,
  standards,
};

/** Long enough for a machine that stalls: these tests do not measure time. */
const WAIT_TIMEOUT = { timeout: 120_000 };

type Concern = keyof typeof CONCERNS;

/** Concerns in which frameworks and their majors differ: the body, the path, headers, redirects, and errors. */
const SHORT: readonly Concern[] = ['guards', 'bodies', 'routes', 'redirects', 'outage'];

/** Concerns in which wrappers differ, each of which reads requests and writes answers by itself. */
const OWN: readonly Concern[] = [...SHORT, 'sign-in', 'cookies that go', 'in a transaction of the app'];

/** Concerns that an ordinary run leaves to the other tests. */
const LATER: readonly Concern[] = ['refusals that arrive late', 'behind a proxy', 'the bytes around a cookie'];

const ORDINARY = (Object.keys(CONCERNS) as Concern[]).filter(
  (concern) => includes('frameworks: late refusals, proxies, and bytes of cookies') || !LATER.includes(concern),
);

/** Tests the behaviour that all wrappers share, over real sockets. */
export function httpBehaviours(name: string, serve: Framework['serve'], concerns: readonly Concern[] = ORDINARY): void {
  describe(name, WAIT_TIMEOUT, () => {
    for (const concern of concerns) describe(concern, () => CONCERNS[concern]({ serve }));
  });
}

/** Tests a wrapper other than that of Express, whose tests cover the shared code. */
export const otherWrapper = (name: string, serve: Framework['serve']): void => {
  httpBehaviours(name, serve, includes('frameworks: concerns of shared code on every wrapper') ? undefined : OWN);
};

/** Tests a wrapper that another file covers in full, with another major version or another framework. */
export const sameWrapper = (name: string, serve: Framework['serve']): void => {
  const isWhole = includes(
    'frameworks: what a wrapper reads and writes by itself, once more below another framework or major',
  );
  httpBehaviours(name, serve, isWhole ? OWN : SHORT);
};
