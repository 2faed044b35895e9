// @ts-check
// A sign-in form, a list of the user's devices and three ways to sign out, on Fastify, in one file.
//
//   npm install fastify @fastify/formbody session-revocation
//   node server.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/fastify/server.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// Set PORT for another port. Sessions are in memory, so a restart signs all users out.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import formbody from '@fastify/formbody';
import { fastify } from 'fastify';
import { createSessions } from 'session-revocation';
import {
  authentication,
  authOf,
  requireSession,
  safeReturnPath,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/fastify';
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

const app = fastify({ logger: { level: 'warn' } });
app.register(formbody);
app.register(authentication, {
  sessions,
  loginUrl: '/login',
  origins: [`http://localhost:${port}`],
  // `secure: false` is for http://localhost only.
  cookie: { secure: false },
});
app.register(sessionRoutes, { sessions, prefix: '/sessions' });
app.addHook('onClose', () => sessions.close());

/** @typedef {{ reason?: string, returnTo?: string }} LoginQuery */
/** @typedef {{ user?: string, password?: string, returnTo?: string }} LoginForm */

app.get('/login', async (request, reply) => {
  const { reason = '', returnTo } = /** @type {LoginQuery} */ (request.query);
  return page(reply, 'Sign in', loginForm(WHY.get(reason), returnTo));
});

app.post('/login', async (request, reply) => {
  const { user = '', password = '', returnTo } = /** @type {LoginForm} */ (request.body ?? {});
  const signedIn = await authOf(request).signIn({
    user: PASSWORDS.has(user) ? user : null,
    amr: ['pwd'],
    // Fastify also accepts a JSON body, where `password` can be of any type.
    verify: () => typeof password === 'string' && timingSafeEqual(hashOf(password), PASSWORDS.get(user) ?? NOBODYS),
  });
  if (signedIn.ok) return reply.redirect(safeReturnPath(returnTo), 303);
  return page(reply.code(401), 'Sign in', loginForm('That did not work.', returnTo));
});

app.get('/', { onRequest: requireSession() }, async (request, reply) => {
  const { user, id } = sessionOf(request);
  const { sessions: rows } = await sessions.list({ user });
  const devices = rows.map((row) => {
    const device = `<li>${escapeHtml(row.device.label)}, last used ${new Date(row.lastUsedAt).toLocaleString()}`;
    return row.id === id ? `${device}: this one` : `${device} ${button(`${row.id}/sign-out`, 'Sign out')}`;
  });
  return page(
    reply,
    `Devices of ${escapeHtml(user)}`,
    `<ul>${devices.join('')}</ul>
    ${button('sign-out', 'Sign out')}
    ${button('sign-out-others', 'Sign out on all other devices')}
    ${button('sign-out-everywhere', 'Sign out everywhere')}`,
  );
});

/**
 * @param {string} path
 * @param {string} label
 */
function button(path, label) {
  return `<form method="post" action="/sessions/${path}">
    <input type="hidden" name="returnTo" value="/"><button>${label}</button></form>`;
}

/** @param {string} [notice] @param {string} [returnTo] */
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
 * @param {import('fastify').FastifyReply} reply
 * @param {string} title
 * @param {string} body
 */
function page(reply, title, body) {
  reply.header('cache-control', 'no-store').type('text/html; charset=utf-8');
  return reply.send(`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`);
}

/** @param {string} text */
function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close());
const address = await app.listen({ host: '127.0.0.1', port });
console.log(`Listening on http://localhost:${new URL(address).port} (sign in as alice, password wonderland)`);
