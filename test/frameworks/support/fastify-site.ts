import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import { createSessions, type Sessions } from 'session-revocation';
import { authentication, authOf, sessionRoutes } from 'session-revocation/fastify';
import { memoryStore } from 'session-revocation/memory';
import { onTestFinished } from 'vitest';
import { Browser, CHROME_ON_MAC, type Headers, NAVIGATION } from '../http/browser.ts';
import { Gatekeeper } from '../http/store.ts';

export const JSON_TYPE = { 'content-type': 'application/json' };
export const FORM = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' };

/** Signs in the user of `?user=`. */
export function signInPage(app: FastifyInstance, path = '/sign-in'): void {
  app.post<{ Querystring: { user: string } }>(path, async (request) => {
    const { ok, session } = await authOf(request).signIn({ user: request.query.user, verify: () => true });
    return { ok, id: session?.id };
  });
}

export const whoPage = (app: FastifyInstance, path: string): FastifyInstance =>
  app.get(path, async (request) => ({ user: authOf(request).session?.user ?? null }));

export interface Site {
  readonly app: FastifyInstance;
  readonly sessions: Sessions;
  readonly store: Gatekeeper;
  readonly url: string;
  browser(): Browser;
  /** Returns a browser with a signed-in user. */
  signedIn(): Promise<Browser>;
}

export type Build = (app: FastifyInstance, sessions: Sessions) => unknown;

/** Serves an app on a socket. `build` adds all parts of the library. */
export async function serveBare(build: Build, options: FastifyServerOptions = {}): Promise<Site> {
  const store = new Gatekeeper(memoryStore());
  const sessions = createSessions({ store: store.store });
  // No time limit for plugins, because a machine may stall.
  const app = fastify({ forceCloseConnections: true, pluginTimeout: 0, ...options });
  onTestFinished(async () => {
    await app.close();
    store.state = 'answers';
    await sessions.close();
  });
  await build(app, sessions);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const browser = (): Browser => new Browser(url, CHROME_ON_MAC);
  const signedIn = async (): Promise<Browser> => {
    const one = browser();
    await one.signIn('alice');
    return one;
  };
  return { app, sessions, store, url, browser, signedIn };
}

/** Serves an app as in the documentation, on a socket. */
export const serve = (build: Build = () => {}, options: FastifyServerOptions = {}): Promise<Site> =>
  serveBare(async (app, sessions) => {
    app.register(authentication, { sessions, loginUrl: '/login' });
    app.register(sessionRoutes, { sessions, prefix: '/sessions' });
    signInPage(app);
    await build(app, sessions);
  }, options);

export const realmOf = (realm: string): Sessions => createSessions({ store: memoryStore(), realm });

export interface Held {
  sends: number;
}

/** Delays every answer, as a compression plugin may, and counts the answers. */
export function heldUp(app: FastifyInstance): void {
  const held: Held = { sends: 0 };
  app.decorate('held', held);
  app.addHook('onSend', async () => {
    held.sends++;
    await new Promise((resolve) => setImmediate(resolve));
  });
}

/** Converts headers for `inject`, which accepts neither `null` nor lists. */
export const inject = (headers: Headers): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((line): line is [string, string] => typeof line[1] === 'string'));

/** Returns the error of an app that cannot start. */
export async function refusalOf(build: Build): Promise<unknown> {
  const app = fastify();
  build(app, realmOf('staff'));
  try {
    await app.ready();
  } catch (error) {
    return error;
  } finally {
    await app.close();
  }
  throw new Error('it started');
}
