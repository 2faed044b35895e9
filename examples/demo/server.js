// @ts-check
// `npm start`: the library's main job on an embedded database. PORT and DATABASE choose the port and the file.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createSessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { createApp } from './app.js';
import { DEMO_USERS, Users } from './users.js';

const HOST = '127.0.0.1';
const SHUTDOWN = 5e3;

const port = parsePort(process.env.PORT ?? '3000');
const database = process.env.DATABASE || 'demo.db';

if (port === null)
  fail(`PORT is ${JSON.stringify(process.env.PORT)}; it must be a number from 0 (any free one) to 65535.`);
else await main(port);

/** @param {number} wanted */
async function main(wanted) {
  const { users, store } = await openFiles().catch((error) => fail(whyNoFile(error)));
  const server = createServer();
  const port = await listen(server, wanted).catch((error) => fail(whyNoPort(wanted, error)));

  const sessions = createSessions({ store, realm: 'demo' });
  sessions.startPruning({ every: '1h' });
  const origins = [`http://localhost:${port}`, `http://${HOST}:${port}`];
  server.on('request', createApp({ sessions, users, origins }));

  const stop = async () => {
    process.once('SIGINT', () => process.exit(130));
    setTimeout(() => server.closeAllConnections(), SHUTDOWN).unref();
    server.close();
    await once(server, 'close');
    await sessions.close();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);

  console.log(welcome(`http://localhost:${port}`, await users.all()));
}

/**
 * @param {import('node:http').Server} server
 * @param {number} wanted
 */
async function listen(server, wanted) {
  server.listen(wanted, HOST);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : wanted;
}

/** Now rather than at the first request: whoever starts the demo should hear of it. */
async function openFiles() {
  const store = sqliteStore(database);
  await store.setup?.();
  return { store, users: await Users.open(`${database}.users.json`) };
}

/**
 * @param {string} url
 * @param {readonly import('./users.js').User[]} users
 */
function welcome(url, users) {
  const known = users.map(({ id, email, changed }) => ({
    email,
    password: changed ? null : (DEMO_USERS.find((user) => user.id === id)?.password ?? null),
  }));
  const { email, password } = known.find((user) => user.password !== null) ?? { email: '…', password: '…' };
  return `Listening on ${url} (Ctrl-C stops it). Sessions are kept in ${database}.

Sign in there from two browsers, as one of
${known.map((user) => `  ${user.email.padEnd(22)} ${user.password ?? '(you changed the password)'}`).join('\n')}

or with curl:
  curl -c jar -H 'Origin: ${url}' -d 'email=${email}' -d 'password=${password}' ${url}/sign-in
  curl -b jar ${url}/sessions
  curl -b jar -i -H 'Origin: ${url}' -X POST ${url}/sessions/sign-out-everywhere
  curl -b jar -i ${url}/sessions`;
}

/** @param {string} text */
function parsePort(text) {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : null;
}

/**
 * @param {number} port
 * @param {NodeJS.ErrnoException} error
 */
function whyNoPort(port, error) {
  if (error.code === 'EADDRINUSE') return `Port ${port} is in use. Choose another one: PORT=3001 npm start`;
  return `Port ${port} cannot be used (${error.message}). Choose another one: PORT=3001 npm start`;
}

/** @param {Error} error */
function whyNoFile(error) {
  return `DATABASE is ${JSON.stringify(database)}, and that cannot be used: ${error.message}`;
}

/**
 * @param {string} why
 * @returns {never}
 */
function fail(why) {
  console.error(why);
  process.exit(1);
}
