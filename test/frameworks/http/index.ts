import { describe } from 'vitest';
import { bodies } from './bodies.ts';
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
import { races } from './races.ts';
import { realms } from './realms.ts';
import { recentSignIn } from './recent-sign-in.ts';
import { redirects } from './redirects.ts';
import { routes } from './routes.ts';
import { routesForOthers } from './routes-for-others.ts';
import { signIn } from './sign-in.ts';

export { listen } from './framework.ts';

const CONCERNS = {
  guards,
  'recent sign-in': recentSignIn,
  'sign-in': signIn,
  'cookies that come': cookieInput,
  'cookies that go': cookieOutput,
  'options of the cookie': cookieOptions,
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
  races,
  devices,
};

/** What every framework's wrapper does, over real sockets. */
export function httpBehaviours(name: string, serve: Framework['serve']): void {
  describe(name, () => {
    for (const [concern, declare] of Object.entries(CONCERNS)) describe(concern, () => declare({ serve }));
  });
}
