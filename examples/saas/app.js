// @ts-check
// Sign-in, and switching between accounts.
import express from 'express';
import {
  authentication,
  authOf,
  requireSession,
  safeReturnPath,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/express';
import { isAccount, isPassword, isUser, membershipsOf, nameOf, roleOf } from './accounts.js';
import { administration } from './administration.js';
import { accountsPage, devicesPage, loginPage, messagePage } from './pages.js';

const REFUSED = new Map([
  ['suspended', 'is suspended: nobody can sign in to it.'],
  ['superseded', 'signed everybody out just now: try again.'],
]);

/**
 * @param {import('session-revocation').Sessions} sessions
 * @param {readonly string[]} origins that serve the app
 */
export function createApp(sessions, origins) {
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders);
  app.get('/style.css', (_req, res) => res.sendFile('style.css', { root: import.meta.dirname }));
  // `secure: false` is for http://localhost only.
  app.use(authentication(sessions, { loginUrl: '/login', origins, cookie: { secure: false } }));
  app.use('/sessions', sessionRoutes(sessions, { authorize }));

  app.get('/login', (req, res) => {
    res.send(loginPage({ why: String(req.query.reason ?? ''), returnTo: safeReturnPath(req.query.returnTo) }));
  });

  // A new session has no account.
  app.post('/login', express.urlencoded(), async (req, res) => {
    const { user, password, returnTo } = req.body ?? {};
    const signedIn = await authOf(req).signIn({
      user: isUser(user) ? user : null,
      amr: ['pwd'],
      verify: () => isPassword(user, password),
    });
    if (signedIn.ok) res.redirect(303, safeReturnPath(returnTo));
    else res.status(401).send(loginPage({ why: 'not-verified', returnTo: safeReturnPath(returnTo) }));
  });

  // All routes below need a session. They refuse forms of other sites.
  app.use(requireSession());

  app.get('/accounts', (req, res) => {
    const { user, account } = sessionOf(req);
    res.send(accountsPage({ user, account, memberships: membershipsOf(user) }));
  });

  // Moves the session to another account. It gets a new secret, and a revocation of that account ends it.
  app.post('/accounts/:id/open', async (req, res) => {
    const { user, account } = sessionOf(req);
    const { id } = req.params;
    // The fence comes first: a member who is removed before the check of the role does not get in.
    const fence = isAccount(id) ? await sessions.fence({ user, account: id }) : null;
    if (fence === null || roleOf(user, id) === null) {
      res.status(404).send(messagePage('There is no such account.'));
      return;
    }
    const switched = await authOf(req).renew({ account: id, fence });
    if (switched.ok) {
      res.redirect(303, '/');
      return;
    }
    const problem = `${nameOf(id)} ${REFUSED.get(switched.reason) ?? 'could not be opened: sign in again.'}`;
    const suspended = switched.reason === 'suspended' && roleOf(user, id) === 'admin' ? id : null;
    res.status(409).send(accountsPage({ user, account, memberships: membershipsOf(user), problem, suspended }));
  });

  // Needs no session in the account: a suspended account cannot be opened.
  app.post('/accounts/:id/resume', async (req, res) => {
    const { user, device } = sessionOf(req);
    const { id } = req.params;
    if (roleOf(user, id) !== 'admin') {
      res.status(404).send(messagePage('There is no such account.'));
      return;
    }
    await sessions.resume({ account: id }, { by: user, fromDevice: device.label });
    res.redirect(303, '/accounts');
  });

  // All routes below need a session in an account.
  app.use((req, res, next) => {
    if (sessionOf(req).account === null) res.redirect(303, '/accounts');
    else next();
  });

  app.get('/', async (req, res) => {
    const session = sessionOf(req);
    const { sessions: rows } = await sessions.list({ user: session.user });
    res.send(devicesPage({ session, rows, isAdmin: roleOf(session.user, session.account) === 'admin' }));
  });

  app.use('/admin', administration(sessions));
  app.use((_req, res) => {
    res.status(404).send(messagePage('There is nothing here.'));
  });
  app.use(answerError);
  return app;
}

/**
 * Users may manage their own sessions. Administrators may also manage those of members of the account that they have open.
 *
 * @param {import('session-revocation/express').AuthorizeRequest} request
 */
function authorize({ actor, action, target }) {
  const isAdmin = roleOf(actor.user, actor.account) === 'admin';
  if (action === 'change-policy') return isAdmin;
  return target.user === actor.user || (isAdmin && roleOf(target.user, actor.account) !== null);
}

/**
 * @param {import('express').Request} _req
 * @param {import('express').Response} res
 * @param {import('express').NextFunction} next
 */
function securityHeaders(_req, res, next) {
  res.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
  });
  next();
}

/**
 * Answers an error of the library with its status and headers.
 *
 * @type {import('express').ErrorRequestHandler}
 */
function answerError(error, _req, res, next) {
  if (res.headersSent) {
    next(error);
    return;
  }
  const status = Number(error.status ?? 500);
  if (status >= 500) console.error(error);
  res
    .status(status)
    .set(error.headers ?? {})
    .send(messagePage('That did not work.'));
}
