// @ts-check
// A sign-in form, a list of the user's devices and three ways to sign out, on Express, in one file.
//
//   npm install express session-revocation
//   node server.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/express/server.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// Set PORT for another port. Sessions are in memory, so a restart signs all users out.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import express from 'express';
import { createSessions } from 'session-revocation';
import {
  authentication,
  authOf,
  requireSession,
  safeReturnPath,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/express';
import { memoryStore } from 'session-revocation/memory';

const port = Number(process.env.PORT ?? 3000);
const SALT = 'one for each user, in earnest';
const hashOf = (/** @type {string} */ password) => scryptSync(password, SALT, 32);
const PASSWORDS = new Map([['alice', hashOf('wonderland')]]);
const NOBODYS = hashOf('');

const WHY = new Map([
  ['signed-out', 'You were signed out on another device.'],
  ['signed-out-others', 'You were signed out on another device.'],
  ['signed-out-everywhere', 'You were signed out on all devices.'],
  ['expired', 'You were signed out after some time.'],
]);

const sessions = createSessions({ store: memoryStore(), replace: 'same-browser' });
sessions.startPruning({ every: '1h' });

const app = express();
app.use(
  authentication(sessions, {
    loginUrl: '/login',
    origins: [`http://localhost:${port}`],
    // `secure: false` is for http://localhost only.
    cookie: { secure: false },
  }),
);
app.use('/sessions', sessionRoutes(sessions));

app.get('/login', (request, response) => {
  const { reason, returnTo } = request.query;
  show(response, 'Sign in', loginForm(WHY.get(String(reason)), returnTo));
});

app.post('/login', express.urlencoded(), async (request, response) => {
  const { user, password, returnTo } = request.body ?? {};
  const signedIn = await authOf(request).signIn({
    user: PASSWORDS.has(user) ? user : null,
    amr: ['pwd'],
    verify: () => timingSafeEqual(hashOf(String(password)), PASSWORDS.get(user) ?? NOBODYS),
  });
  if (signedIn.ok) response.redirect(303, safeReturnPath(returnTo));
  else show(response.status(401), 'Sign in', loginForm('That did not work.', returnTo));
});

app.get('/', requireSession(), async (request, response) => {
  const { user, id } = sessionOf(request);
  const { sessions: rows } = await sessions.list({ user });
  const devices = rows.map((row) => {
    const device = `<li>${escapeHtml(row.device.label)}, last used ${new Date(row.lastUsedAt).toLocaleString()}`;
    return row.id === id ? `${device}: this one` : `${device} ${button(`${row.id}/sign-out`, 'Sign out')}`;
  });
  const body = `<ul>${devices.join('')}</ul>
    ${button('sign-out', 'Sign out')}
    ${button('sign-out-others', 'Sign out on all other devices')}
    ${button('sign-out-everywhere', 'Sign out everywhere')}`;
  show(response, `Devices of ${escapeHtml(user)}`, body);
});

app.use(answerError);

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

/**
 * @param {string} path
 * @param {string} label
 */
function button(path, label) {
  return `<form method="post" action="/sessions/${path}">
    <input type="hidden" name="returnTo" value="/"><button>${label}</button></form>`;
}

/** @param {string} [notice] @param {unknown} [returnTo] */
function loginForm(notice = '', returnTo) {
  return `<p role="status">${notice}</p>
    <form method="post" action="/login">
      <input type="hidden" name="returnTo" value="${escapeHtml(safeReturnPath(returnTo))}">
      <label>User <input name="user" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
    </form>`;
}

/**
 * @param {import('express').Response} response
 * @param {string} title
 * @param {string} body
 */
function show(response, title, body) {
  response.set('cache-control', 'no-store');
  response.send(`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`);
}

/** @param {string} value */
function escapeHtml(value) {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const server = app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error;
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address.port : port;
  console.log(`Listening on http://localhost:${at} (sign in as alice, password wonderland)`);
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => sessions.close());
    server.closeAllConnections();
  });
}
