// @ts-check
import { scryptSync, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import express from 'express';
import { authentication, authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/express';
import { accessTokens, generateKey } from 'session-revocation/jwt';

const SALT = 'one for each user, in earnest';
const hashOf = (/** @type {string} */ password) => scryptSync(password, SALT, 32);
const PASSWORDS = new Map([['alice', hashOf('wonderland')]]);
const NOBODYS = hashOf('');

/**
 * The page, its API, and the routes by which it gets tokens and shows devices.
 *
 * @param {import('session-revocation').Sessions<string>} sessions
 * @param {string} origin
 */
export function createApp(sessions, origin) {
  const tokens = accessTokens(sessions, {
    issuer: origin,
    audience: origin,
    // In earnest from where secrets are kept: `npx session-revocation keys` makes one.
    keys: [generateKey('EdDSA')],
    lifetime: '5m',
    // Two tabs may refresh at once where the browser has no locks: the second is told to try again, and not taken for a thief.
    grace: '10s',
  });

  const app = express();
  app.use((_request, response, next) => {
    // Whatever script gets in has the access token: let none in.
    response.set('content-security-policy', "default-src 'self'; frame-ancestors 'none'; base-uri 'none'");
    next();
  });
  app.use(
    authentication(sessions, {
      bearer: { tokens, client: 'web' },
      origins: [origin],
      // For http://localhost and nothing else.
      cookie: { secure: false },
    }),
  );
  app.use('/sessions', sessionRoutes(sessions));

  app.post('/login', express.json(), async (request, response) => {
    const { user, password } = request.body ?? {};
    const signedIn = await authOf(request).signIn({
      user: PASSWORDS.has(user) ? user : null,
      amr: ['pwd'],
      tokens: { refresh: 'cookie', client: { id: 'web', name: 'The page' } },
      // JSON may hold anything.
      verify: () => typeof password === 'string' && timingSafeEqual(hashOf(password), PASSWORDS.get(user) ?? NOBODYS),
    });
    response.set('cache-control', 'no-store');
    const { accessToken, expiresIn } = signedIn;
    if (signedIn.ok) response.json({ accessToken, expiresIn });
    else response.status(401).json({ reason: signedIn.reason });
  });

  app.get('/api/me', requireSession(), (request, response) => {
    response.json({ user: sessionOf(request).user, app: authOf(request).client });
  });

  app.use(express.static(join(import.meta.dirname, 'page')));
  app.use(answerError);
  return app;
}

/**
 * A request that nobody is signed in for, or whose body cannot be read, is no fault of the server: it is answered with the
 * status of the error.
 *
 * @type {import('express').ErrorRequestHandler}
 */
function answerError(error, _request, response, next) {
  if (response.headersSent) {
    next(error);
    return;
  }
  const { status = 500 } = error;
  if (status >= 500) console.error(error);
  response.sendStatus(status);
}
