import type { Express, Request, RequestHandler, Response } from 'express';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import { authOf } from 'session-revocation/express';
import { done } from './pages.ts';

interface Person {
  readonly id: string;
}

/** Adds Passport with its local strategy. Users sign in and out with it on the pages `/passport/…`. */
export function addPassport(app: Express): void {
  const passport = new Passport();
  passport.use(
    new Strategy({ usernameField: 'user', passwordField: 'password' }, (user, password, answer) =>
      answer(null, password === 'right' ? { id: user } : false),
    ),
  );
  passport.serializeUser<string>((user, answer) => answer(null, (user as Person).id));
  passport.deserializeUser<string>((id, answer) => answer(null, { id }));

  const authenticated = (request: Request, response: Response): Promise<Person | false> =>
    new Promise((resolve, reject) => {
      const told = (error: unknown, person: Person | false): void => (error ? reject(error) : resolve(person));
      const ask: RequestHandler = passport.authenticate('local', { session: false }, told);
      void ask(request, response, reject);
    });

  app.use(passport.session());
  app.post('/passport/login', async (request, response) => {
    const user = String(request.query.user);
    const verify = async (): Promise<boolean> => (await authenticated(request, response)) !== false;
    const signedIn = await authOf(request).signIn({ user, verify });
    if (signedIn.ok) await done((callback) => request.login({ id: user }, callback));
    response.status(signedIn.ok ? 200 : 401).json({ ok: signedIn.ok });
  });
  app.post('/passport/login-again', async (request, response) => {
    await done((callback) => request.login(request.user ?? {}, { session: true, keepSessionInfo: true }, callback));
    response.json('again');
  });
  app.post('/passport/logout', async (request, response) => {
    const keepSessionInfo = request.query.keep !== undefined;
    await done((callback) => request.logout({ keepSessionInfo }, callback));
    response.json(null);
  });
  app.get('/passport/who', (request, response) => {
    const person: Partial<Person> | undefined = request.user;
    response.json({ passport: person?.id ?? null, ours: authOf(request).session?.user ?? null });
  });
}
