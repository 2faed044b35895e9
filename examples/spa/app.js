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
 * Serves the page, its API, and the routes that refresh tokens and list devices.
 *
 * @param {import('session-revocation').Sessions<string>} sessions
 * @param {string} origin
 */
export function createApp(sessions, origin) {
  const tokens = accessTokens(sessions, {
    issuer: origin,
    audience: origin,
    // In production, read the key from your secret store. `npx session-revocation keys` makes one.
    keys: [generateKey('EdDSA')],
    lifetime: '5m',
    // In a browser without locks, two tabs may refresh at once. Within this time, the second one gets 409 and does not end the session.
    grace: '10s',
  });

  const app = express();
  app.use((_request, response, next) => {
    // An injected script could use the access token, so the page runs only its own scripts.
    response.set('content-security-policy', "default-src 'self'; frame-ancestors 'none'; base-uri 'none'");
    next();
  });
  app.use(
    authentication(sessions, {
      bearer: { tokens, client: 'web' },
      origins: [origin],
      // `secure: false` is for http://localhost only.
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
      // In JSON, `password` can be of any type.
      verify: () => typeof password === 'string' && timingSafeEqual(hashOf(password), PASSWORDS.get(user) ?? NOBODYS),
    });
    response.set('cache-control', 'no-store');
    const { accessToken, expiresIn } = signedIn;
    if (signedIn.ok) response.json({ access_token: accessToken, expires_in: expiresIn });
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
 * Answers with the status of the error. Logs only server errors: a missing session or an unreadable body is a fault of the client.
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
