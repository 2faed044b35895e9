// @ts-check
// A sign-in form, a list of the user's devices and three ways to sign out, on Hono, in one file.
//
//   npm install hono @hono/node-server session-revocation
//   node server.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/hono/server.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// Set PORT for another port. Sessions are in memory, so a restart signs all users out.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import { html } from 'hono/html';
import { createSessions, isSessionError } from 'session-revocation';
import { authentication, requireSession, safeReturnPath, sessionOf, sessionRoutes } from 'session-revocation/fetch';
import { memoryStore } from 'session-revocation/memory';

/** @typedef {import('session-revocation/fetch').Auth} Auth */

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

const open = authentication(sessions, {
  loginUrl: '/login',
  origins: [`http://localhost:${port}`],
  // `secure: false` is for http://localhost only.
  cookie: { secure: false },
});
const routes = sessionRoutes(sessions, { path: '/sessions' });
const guard = requireSession();

/** @type {Hono<{ Variables: { auth: Auth } }>} */
const app = new Hono();
app.use(async (c, next) => {
  const auth = await open(c.req.raw, { ip: getConnInfo(c).remote.address });
  const answer = await routes(auth);
  if (answer !== null) return answer;
  c.set('auth', auth);
  await next();
  const { res } = c;
  c.res = undefined; // otherwise Hono overwrites the new cookies with those of the old response
  c.res = auth.commit(res);
});

app.get('/login', (c) => {
  const { reason = '', returnTo } = c.req.query();
  return c.html(page('Sign in', loginForm(WHY.get(reason), returnTo)));
});

app.post('/login', async (c) => {
  const form = new URLSearchParams(await c.req.text());
  const user = form.get('user') ?? '';
  const signedIn = await c.get('auth').signIn({
    user: PASSWORDS.has(user) ? user : null,
    amr: ['pwd'],
    verify: () => timingSafeEqual(hashOf(form.get('password') ?? ''), PASSWORDS.get(user) ?? NOBODYS),
  });
  if (signedIn.ok) return c.redirect(safeReturnPath(form.get('returnTo')), 303);
  return c.html(page('Sign in', loginForm('That did not work.', form.get('returnTo'))), 401);
});

app.get('/', async (c) => {
  const auth = c.get('auth');
  const refused = await guard(auth);
  if (refused !== null) return refused;
  const { user, id } = sessionOf(auth);
  const { sessions: rows } = await sessions.list({ user });
  const devices = rows.map(
    (row) => html`<li>${row.device.label}, last used ${new Date(row.lastUsedAt).toLocaleString()}
      ${row.id === id ? '(this one)' : button(`${row.id}/sign-out`, 'Sign out')}`,
  );
  const body = html`<ul>${devices}</ul>
    ${button('sign-out', 'Sign out')}
    ${button('sign-out-others', 'Sign out on all other devices')}
    ${button('sign-out-everywhere', 'Sign out everywhere')}`;
  return c.html(page(`Devices of ${user}`, body));
});

app.onError((error) => {
  if (isSessionError(error)) return new Response(null, { status: error.status, headers: error.headers });
  console.error(error);
  return new Response(null, { status: 500 });
});

/**
 * @param {string} path
 * @param {string} label
 */
function button(path, label) {
  return html`<form method="post" action="/sessions/${path}">
    <input type="hidden" name="returnTo" value="/"><button>${label}</button></form>`;
}

/** @param {string} [notice] @param {unknown} [returnTo] */
function loginForm(notice = '', returnTo) {
  return html`<p role="status">${notice}</p>
    <form method="post" action="/login">
      <input type="hidden" name="returnTo" value="${safeReturnPath(returnTo)}">
      <label>User <input name="user" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
    </form>`;
}

/**
 * @param {string} title
 * @param {ReturnType<typeof html>} body
 */
function page(title, body) {
  return html`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`;
}

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
  console.log(`Listening on http://localhost:${address.port} (sign in as alice, password wonderland)`);
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => sessions.close());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
