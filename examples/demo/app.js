// @ts-check
// The Express app: a sign-in form, a page of one's devices, and the same as JSON for programs.
import { join } from 'node:path';
import express from 'express';
import {
  authentication,
  authOf,
  requireSession,
  safeReturnPath,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/express';
import { devicesPage, historyPage, messagePage, signInPage } from './pages.js';

/**
 * @typedef {import('express').Request} Request
 * @typedef {import('express').Response} Response
 */

/** What a sign-in that got no session is answered with. */
const REFUSALS = {
  'not-verified': { status: 401, title: 'E-mail or password is wrong' },
  superseded: { status: 401, title: 'This account was signed out everywhere a moment ago: sign in again' },
  suspended: { status: 403, title: 'This account is suspended' },
  limit: { status: 403, title: 'This account is signed in on too many devices' },
};

/** @type {Readonly<Record<number, readonly [string, string]>>} */
const MESSAGES = {
  401: ['You are signed out', 'Sign in again to go on.'],
  403: ['Not allowed', 'The request did not come from a page of this site.'],
  404: ['Not found', 'There is nothing here.'],
  503: ['Not available at the moment', 'Nobody was signed out by this. Try again in a moment.'],
};

const SHORTEST_PASSWORD = 8;

/**
 * @param {object} options
 * @param {import('session-revocation').Sessions} options.sessions
 * @param {import('./users.js').Users} options.users
 * @param {readonly string[]} options.origins where the app is found
 */
export function createApp({ sessions, users, origins }) {
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders);
  app.get('/style.css', (_req, res) => res.sendFile(join(import.meta.dirname, 'style.css')));

  // Without `secure`, browsers take the cookie over http: for localhost and nothing else.
  app.use(authentication(sessions, { cookie: { secure: false }, loginUrl: '/', origins }));
  const body = [express.urlencoded({ extended: false }), express.json()];

  // For programs: GET /, DELETE /:id, POST /sign-out, /sign-out-others, /sign-out-everywhere.
  app.use('/sessions', sessionRoutes(sessions));

  app.get('/', async (req, res) => {
    const { session } = authOf(req);
    const { done, returnTo } = req.query;
    if (session === null) res.send(signInPage({ returnTo: safeReturnPath(returnTo), done }));
    else res.send(await devices(session, { done }));
  });

  app.post('/sign-in', body, async (/** @type {Request} */ req, /** @type {Response} */ res) => {
    const { email, password, remember, returnTo } = texts(req.body);
    const user = await users.idOf(email);
    const signedIn = await authOf(req).signIn({
      // A stranger takes the same way, so that neither the answer nor its time tells who has an account.
      user,
      kind: remember === '' ? 'browser' : 'remembered',
      amr: ['pwd'],
      verify: () => users.verify(user, password),
    });
    if (signedIn.ok) {
      const { id, user, device } = signedIn.session;
      if (wantsPage(req)) res.redirect(303, safeReturnPath(returnTo));
      else res.json({ id, user, device: device.label });
      return;
    }
    const { status, title } = REFUSALS[signedIn.reason];
    res.status(status);
    if (status === 401) res.set('WWW-Authenticate', 'Session realm="demo"');
    if (wantsPage(req)) res.send(signInPage({ returnTo: safeReturnPath(returnTo), email, problem: `${title}.` }));
    else problem(res, title);
  });

  app.post('/password', body, async (/** @type {Request} */ req, /** @type {Response} */ res) => {
    const session = sessionOf(req);
    const { user } = session;
    const { current, next } = texts(req.body);
    let refusal = null;
    if (next.length < SHORTEST_PASSWORD) refusal = `The new password needs at least ${SHORTEST_PASSWORD} characters`;
    else if (!(await users.changePassword(user, current, next))) refusal = 'The current password is wrong';
    if (refusal !== null) {
      res.status(400);
      if (wantsPage(req)) res.send(await devices(session, { problem: `${refusal}.` }));
      else problem(res, refusal);
      return;
    }

    try {
      // Only now, when the old password opens nothing more: what it opened before is covered.
      const others = await authOf(req).signOutOthers({ reason: 'password-changed' });
      // This device was signed out meanwhile, perhaps by the thief of the old password: then nobody is kept.
      if (!others.revoked) await sessions.revoke({ user }, { by: user, reason: 'password-changed' });
    } catch (cause) {
      const detail = 'Your password is changed, but your other devices are not logged out. Do that in a moment.';
      throw Object.assign(new Error('password changed, nothing revoked', { cause }), { status: 503, detail });
    }
    if (wantsPage(req)) res.redirect(303, '/?done=password');
    else res.status(204).end();
  });

  app.get('/history', requireSession(), async (req, res) => {
    const { user } = sessionOf(req);
    const page = await sessions.list({ user }, { ended: true });
    const over = page.sessions.filter((row) => row.over !== null);
    res.send(historyPage({ sessions: over, now: Date.now() }));
  });

  // For the forms of the page. Each of these refuses a request that comes from another site's page.
  app.post('/devices/:id/log-out', async (req, res) => {
    const { user } = sessionOf(req);
    await sessions.end(req.params.id, { user, by: user, reason: 'signed-out' });
    res.redirect(303, '/?done=device');
  });

  app.post('/sign-out', async (req, res) => {
    await authOf(req).signOut();
    res.redirect(303, '/');
  });

  app.post('/sign-out-others', async (req, res) => {
    await authOf(req).signOutOthers();
    res.redirect(303, '/?done=others');
  });

  app.post('/sign-out-everywhere', async (req, res) => {
    await authOf(req).signOutEverywhere();
    res.redirect(303, '/?done=everywhere');
  });

  app.use((_req, _res, next) => next(Object.assign(new Error('no such page'), { status: 404 })));
  app.use(answerError);
  return app;

  /**
   * @param {import('session-revocation').Session} session
   * @param {{ done?: unknown, problem?: string }} told
   */
  async function devices({ id, user }, told) {
    const page = await sessions.list({ user });
    const email = (await users.get(user))?.email ?? user;
    return devicesPage({
      email,
      sessions: page.sessions,
      more: page.cursor !== null,
      current: id,
      now: Date.now(),
      ...told,
    });
  }
}

/**
 * @param {Request} _req
 * @param {Response} res
 * @param {() => void} next
 */
function securityHeaders(_req, res, next) {
  res.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  next();
}

/**
 * An error of the library has the status to answer with; so have those of Express. What else there is is a bug.
 *
 * @type {import('express').ErrorRequestHandler}
 */
function answerError(error, req, res, next) {
  if (res.headersSent) {
    next(error);
    return;
  }
  const claimed = Number(error?.status);
  const status = claimed >= 400 && claimed < 600 ? claimed : 500;
  if (status >= 500) console.error(error);
  const [title, text] = MESSAGES[status] ?? (status < 500 ? ['Bad request', ''] : ['Something went wrong', '']);
  const detail = error.detail ?? text;
  // Of the library, the challenge that belongs to a 401.
  res.status(status).set(error?.headers ?? {});
  if (status === 503) res.set('Retry-After', '5');
  if (!wantsPage(req)) problem(res, title, detail);
  else if (status === 401) res.send(signInPage({ returnTo: '/', problem: `${title}. ${detail}` }));
  else res.send(messagePage({ title, detail }));
}

/**
 * RFC 9457.
 *
 * @param {Response} res
 * @param {string} title
 * @param {string} [detail]
 */
const problem = (res, title, detail) =>
  res.type('application/problem+json').send(JSON.stringify({ title, status: res.statusCode, detail }));

/** @param {Request} req */
const wantsPage = (req) => req.accepts(['json', 'html']) === 'html';

/**
 * The fields of a form or of JSON; what is missing, or no text, is empty.
 *
 * @param {unknown} body
 * @returns {{ [name in 'email' | 'password' | 'remember' | 'returnTo' | 'current' | 'next']: string }}
 */
function texts(body) {
  const fields = /** @type {Record<string, unknown>} */ (typeof body === 'object' && body !== null ? body : {});
  /** @param {string} name */
  const text = (name) => (typeof fields[name] === 'string' ? fields[name] : '');
  return {
    email: text('email'),
    password: text('password'),
    remember: text('remember'),
    returnTo: text('returnTo'),
    current: text('current'),
    next: text('next'),
  };
}
