import { describe } from 'vitest';
import { atOnce } from './at-once.ts';
import { bearerInput } from './bearer-input.ts';
import { bearerRefusals } from './bearer-refusals.ts';
import { bearerRotation } from './bearer-rotation.ts';
import { bearerWorth } from './bearer-worth.ts';
import { bodies } from './bodies.ts';
import { caching } from './caching.ts';
import { challenges } from './challenges.ts';
import { clearSiteData } from './clear-site-data.ts';
import { cookieInput } from './cookie-input.ts';
import { cookieOptions } from './cookie-options.ts';
import { cookieOutput } from './cookie-output.ts';
import { crossOrigin } from './cross-origin.ts';
import { devices } from './devices.ts';
import type { Framework } from './framework.ts';
import { guards } from './guards.ts';
import { list } from './list.ts';
import { outage } from './outage.ts';
import { over } from './over.ts';
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
  'sign-in': signIn,
  'cookies that come': cookieInput,
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
  'why a session is over': over,
  policy,
  realms,
  bodies,
  redirects,
  outage,
  'a store that answers at once': atOnce,
  races,
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

/** Nothing here measures time: a machine that stands still for a while fails nothing. */
const PATIENCE = { timeout: 120_000 };

/** What every framework's wrapper does, over real sockets. */
export function httpBehaviours(name: string, serve: Framework['serve']): void {
  describe(name, PATIENCE, () => {
    for (const [concern, declare] of Object.entries(CONCERNS)) describe(concern, () => declare({ serve }));
  });
}
