import type { Express, Request, RequestHandler } from 'express';
import type { Sessions } from 'session-revocation';
import { authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/express';
import { called } from './callback-calls.ts';

const text = (request: Request, name: string): string | undefined => {
  const value = request.query[name];
  return typeof value === 'string' ? value : undefined;
};

/** Waits for a method of the inner layer's session. Throws the error that it reports. */
export async function done(run: (callback: (error?: unknown) => void) => unknown): Promise<void> {
  const { error } = await called(run);
  if (error !== null) throw error;
}

/** Returns a page that answers with the result of `run`. */
const page =
  (run: (request: Request) => unknown): RequestHandler =>
  (request, response, next) => {
    const answered = (async () => response.json((await run(request)) ?? null))();
    // Express 4 ignores rejected promises, so the app passes errors on.
    answered.catch(next);
  };

async function login(request: Request): Promise<unknown> {
  const user = text(request, 'user') ?? 'alice';
  const account = text(request, 'account');
  const signedIn = await authOf(request).signIn({
    user,
    account,
    kind: text(request, 'kind'),
    verify: () => text(request, 'password') !== 'wrong',
  });
  if (signedIn.ok) Object.assign(request.session, { userId: user, account });
  return { ok: signedIn.ok, reason: signedIn.ok ? null : signedIn.reason };
}

const reauthenticate = (request: Request): unknown =>
  authOf(request).reauthenticate({ amr: ['otp'], verify: () => text(request, 'password') !== 'wrong' });

/** Returns the user of the request according to the inner layer's session and to this library. */
function who(request: Request): unknown {
  const { session, refusal } = authOf(request);
  const { userId = null, cart = null } = request.session;
  return { user: session?.user ?? null, id: session?.id ?? null, amr: session?.amr, refusal, inner: userId, cart };
}

/** The pages that every app under test has. */
export function addPages(app: Express, sessions: Sessions<string>): void {
  app.use('/sessions', sessionRoutes(sessions));

  // Pages that the app had before the bridge.
  const layer: Readonly<Record<string, (request: Request) => unknown>> = {
    '/inner-login': ({ session, query }) => Object.assign(session, { userId: query.user, account: query.account }).id,
    '/cart': ({ session, query }) => (session.cart = [...(session.cart ?? []), String(query.item)]),
    '/touch': ({ session }) => session.touch().id,
    '/save': ({ session }) => done((callback) => session.save(callback)),
    '/reload': ({ session }) => done((callback) => session.reload(callback)),
    '/destroy': ({ session }) => done((callback) => session.destroy(callback)),
    '/drop-user': ({ session }) => delete session.userId,
    '/become': async ({ session, query }) => {
      session.userId = String(query.user);
      await done((callback) => session.save(callback));
    },
    '/regenerate': async (request) => {
      const { userId } = request.session;
      await done((callback) => request.session.regenerate(callback));
      request.session.userId = userId;
    },
    '/regenerate-empty': ({ session }) => done((callback) => session.regenerate(callback)),
  };
  for (const [path, run] of Object.entries(layer)) app.post(path, page(run));
  app.get('/inner', ({ session }, response) => response.json({ user: session?.userId ?? null, cart: session?.cart }));

  // Pages that need the bridge.
  const ours: Readonly<Record<string, (request: Request) => unknown>> = {
    '/login': login,
    '/reauthenticate': reauthenticate,
    '/sign-out': (request) => authOf(request).signOut(),
    '/sign-out-others': (request) => authOf(request).signOutOthers(),
    '/sign-out-everywhere': (request) => authOf(request).signOutEverywhere(),
    '/renew': (request) => authOf(request).renew(),
    '/password-changed': (request) => authOf(request).trigger('passwordChanged'),
    '/password-reset': (request) => authOf(request).trigger('passwordReset'),
  };
  for (const [path, run] of Object.entries(ours)) app.post(path, page(run));
  app.get('/who', page(who));
  app.get(
    '/me',
    requireSession(),
    page((request) => ({ user: sessionOf(request).user, id: sessionOf(request).id, sid: request.sessionID })),
  );
}
