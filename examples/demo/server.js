// @ts-check
// `npm start` runs one of five products on SQLite. Set PORT for another port, and DATABASE for another file. With
// REDIS_URL, sessions are in Redis, and MAX_STALENESS (ms) lets the process answer from memory.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { sqliteStore } from 'session-revocation/sqlite';
import { createDemo } from './app.js';
import { productOf } from './products.js';
import { Users } from './users.js';
import { welcome } from './welcome.js';

const HOST = '127.0.0.1';
const SHUTDOWN = 5e3;

const product = parseProduct(process.argv.slice(2));
const port = parsePort(process.env.PORT ?? '3000');
const database = process.env.DATABASE || 'demo.db';
const redisUrl = process.env.REDIS_URL ?? '';
// On SQLite, checks from memory are always strict, so no bound is needed.
const maxStaleness = redisUrl === '' ? 0 : Number(process.env.MAX_STALENESS ?? 0);

if (port === null)
  fail(`PORT is ${JSON.stringify(process.env.PORT)}; it must be a number from 0 (any free one) to 65535.`);
else await main(port);

/** @param {number} wanted */
async function main(wanted) {
  const { users, store, close } = await openFiles().catch((error) => fail(whyNoFile(error)));
  const server = createServer();
  const port = await listen(server, wanted).catch((error) => fail(whyNoPort(wanted, error)));
  const origins = [`http://localhost:${port}`, `http://${HOST}:${port}`];
  const demo = createDemo({ product: product.letter, store, users, origins, maxStaleness, mail: printMail });
  server.on('request', demo.handler);

  const stop = async () => {
    process.once('SIGINT', () => process.exit(130));
    setTimeout(() => server.closeAllConnections(), SHUTDOWN).unref();
    server.close();
    await once(server, 'close');
    await demo.close();
    await close();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);

  const place = redisUrl === '' ? database : 'Redis';
  console.log(welcome({ url: `http://localhost:${port}`, database: place, product, people: await users.all() }));
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

/** Opens the files at the start, so that an error shows in the terminal and not in the first response. */
async function openFiles() {
  const { store, close } =
    redisUrl === '' ? { store: sqliteStore(database), close: async () => {} } : await openRedis();
  await store.setup?.();
  return { store, close, users: await Users.open(`${database}.users.json`) };
}

async function openRedis() {
  const { createClient } = await import('redis');
  const { redisStore } = await import('session-revocation/redis');
  const client = createClient({ url: redisUrl, socket: { reconnectStrategy: false } });
  // Without a listener, a lost connection ends the process.
  client.on('error', (error) => console.error(`Redis: ${error.message}`));
  await client.connect();
  return { store: redisStore(client, { prefix: process.env.REDIS_PREFIX ?? 'demo:' }), close: () => client.close() };
}

/** @param {import('./app.js').Mail} mail */
function printMail({ to, subject, text }) {
  console.log(`\nMail to ${to}: ${subject}\n  ${text}`);
}

/** @param {readonly string[]} args */
function parseProduct(args) {
  try {
    const { values } = parseArgs({ args: [...args], options: { product: { type: 'string', default: 'e' } } });
    return productOf(values.product);
  } catch (error) {
    return fail(`${/** @type {Error} */ (error).message}. For example: npm start -- --product a`);
  }
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
  const name = redisUrl === '' ? `DATABASE is ${JSON.stringify(database)}, and that` : 'REDIS_URL or DATABASE';
  return `${name} cannot be used: ${error.message}`;
}

/**
 * @param {string} why
 * @returns {never}
 */
function fail(why) {
  console.error(why);
  process.exit(1);
}
