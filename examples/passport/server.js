// @ts-check
// An app on Passport and express-session. A few added lines, marked "New", give it a device list and sign-outs that hold.
//
//   npm install express express-session passport passport-local session-revocation
//   npm install redis connect-redis     (for REDIS_URL)
//   node server.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/passport/server.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// Set PORT for another port. With REDIS_URL, sessions are in Redis, in keys that begin with REDIS_PREFIX. Without it, they are in
// memory, so a restart signs all users out.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import express from 'express';
import session, { MemoryStore } from 'express-session';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { createSessions } from 'session-revocation';
import { authOf, requireSession, safeReturnPath, sessionOf, sessionRoutes } from 'session-revocation/express';
import { bridge } from 'session-revocation/express-session';
import { memoryStore } from 'session-revocation/memory';

/** @typedef {{ id: string }} User */

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

const { inner, ours, close } = process.env.REDIS_URL ? await inRedis(process.env.REDIS_URL) : inMemory();

// New: the sessions of this library, and a bridge from express-session to them.
const sessions = createSessions({ store: ours });
const bridged = bridge(sessions, {
  user: (data) => data.passport?.user,
  loginUrl: '/login',
  origins: [`http://localhost:${port}`],
});
sessions.startPruning({ every: '1h' });

passport.use(
  new Strategy((username, password, done) => {
    const isRight = timingSafeEqual(hashOf(password), PASSWORDS.get(username) ?? NOBODYS);
    done(null, isRight && PASSWORDS.has(username) ? { id: username } : false);
  }),
);
passport.serializeUser((user, done) => done(null, /** @type {User} */ (user).id));
passport.deserializeUser((/** @type {string} */ id, done) => done(null, { id }));

const app = express();
app.use(
  session({
    store: bridged.store(inner), // new: bridged.store(…) wraps the app's store
    secret: process.env.SECRET ?? 'a long random text, in earnest',
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: 'lax' }, // in production, also `secure: true`
  }),
  passport.session(),
);
app.use('/sessions', sessionRoutes(sessions)); // new: the list of devices

app.get('/login', (req, res) => {
  show(res, 'Sign in', loginForm(WHY.get(String(req.query.reason)), req.query.returnTo));
});

app.post('/login', express.urlencoded(), async (req, res, next) => {
  // New: the sign-in goes through the bridge. Passport checks the password in `verify`.
  const { username, returnTo } = req.body ?? {};
  const user = String(username);
  const signedIn = await authOf(req).signIn({
    user: PASSWORDS.has(user) ? user : null,
    amr: ['pwd'],
    verify: async () => (await authenticate(req, res)) === user,
  });
  if (!signedIn.ok) {
    show(res.status(401), 'Sign in', loginForm('That did not work.', returnTo));
    return;
  }
  // Unchanged.
  req.login({ id: user }, (error) => {
    if (error) next(error);
    else res.redirect(303, safeReturnPath(returnTo));
  });
});

// Unchanged. The bridge ends the session when Passport removes its user.
app.post('/logout', (req, res, next) => {
  req.logout((error) => {
    if (error) next(error);
    else res.redirect(303, '/login');
  });
});

app.get('/', requireSession(), async (req, res) => {
  const { user, id } = sessionOf(req);
  const { sessions: rows } = await sessions.list({ user });
  const devices = rows.map((row) => {
    const device = `<li>${escapeHtml(row.device.label)}, last used ${new Date(row.lastUsedAt).toLocaleString()}`;
    return row.id === id ? `${device}: this one` : `${device} ${button(`/sessions/${row.id}/sign-out`, 'Sign out')}`;
  });
  const body = `<ul>${devices.join('')}</ul>
    ${button('/logout', 'Sign out')}
    ${button('/sessions/sign-out-others', 'Sign out on all other devices')}
    ${button('/sessions/sign-out-everywhere', 'Sign out everywhere')}`;
  show(res, `Devices of ${escapeHtml(user)}`, body);
});

/**
 * Checks the password with Passport's local strategy, and stores nothing. Returns the user's id, or `false` for a wrong password.
 *
 * @param {import('express').Request} req
 * @param {import('express').Response} res
 * @returns {Promise<string | false>}
 */
function authenticate(req, res) {
  return new Promise((resolve, reject) => {
    const told = (/** @type {unknown} */ error, /** @type {User | false} */ user) =>
      error ? reject(error) : resolve(user ? user.id : false);
    passport.authenticate('local', { session: false }, told)(req, res, reject);
  });
}

function inMemory() {
  return { inner: new MemoryStore(), ours: memoryStore(), close: () => {} };
}

/** @param {string} url */
async function inRedis(url) {
  const { createClient } = await import('redis');
  const { RedisStore } = await import('connect-redis');
  const { redisStore } = await import('session-revocation/redis');
  const client = createClient({ url, socket: { socketTimeout: 5_000 }, pingInterval: 1_000 });
  client.on('error', (error) => console.error(error));
  await client.connect();
  const prefix = process.env.REDIS_PREFIX ?? '';
  return {
    inner: new RedisStore({ client, prefix: `${prefix}sess:` }),
    ours: redisStore(client, { prefix: `${prefix}sr:` }),
    close: () => client.destroy(),
  };
}

/**
 * @param {string} path
 * @param {string} label
 */
function button(path, label) {
  return `<form method="post" action="${path}">
    <input type="hidden" name="returnTo" value="/"><button>${label}</button></form>`;
}

/** @param {string} [notice] @param {unknown} [returnTo] */
function loginForm(notice = '', returnTo) {
  return `<p role="status">${notice}</p>
    <form method="post" action="/login">
      <input type="hidden" name="returnTo" value="${escapeHtml(safeReturnPath(returnTo))}">
      <label>User <input name="username" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
    </form>`;
}

/**
 * @param {import('express').Response} res
 * @param {string} title
 * @param {string} body
 */
function show(res, title, body) {
  res.set('cache-control', 'no-store').type('html');
  res.send(`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`);
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
    server.close(async () => {
      await sessions.close();
      close();
    });
    server.closeAllConnections();
  });
}
