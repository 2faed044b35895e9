/**
 * Requests per second of a guarded route, against the same app without any session, and against the usual session layer of the
 * framework on its memory store. The load comes from another process. The goals: at least 0.90 of bare Express, 0.85 of bare
 * Fastify, 0.83 of bare Koa; with Redis, 0.82 of bare Express; 1.5, 3 and 3 times the others, and 1.5 with connect-redis.
 *
 * "inlined" is the least that anybody can do for an opaque token, written into the app by hand: nobody can come nearer to bare.
 */
import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import { promisify } from 'node:util';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { RedisStore } from 'connect-redis';
import express, { type Express } from 'express';
import expressSession from 'express-session';
import fastify, { type FastifyInstance } from 'fastify';
import { Redis } from 'ioredis';
import Koa from 'koa';
import koaSession from 'koa-session';
import { createClient } from 'redis';
import { createSessions, type SessionStore } from 'session-revocation';
import * as onExpress from 'session-revocation/express';
import * as onFastify from 'session-revocation/fastify';
import * as onKoa from 'session-revocation/koa';
import { memoryStore } from 'session-revocation/memory';
import { redisStore } from 'session-revocation/redis';
import { sqliteStore } from 'session-revocation/sqlite';
import { findService, stopServices } from '../services/index.ts';
import { median } from './support/side-by-side.ts';
import { signIn } from './support/sign-in.ts';

const CONNECTIONS = 32;
const SECONDS = 2;
const ROUNDS = 7;
const SECRET = randomBytes(32).toString('hex');

/** An app that answers, and the cookie of somebody who is signed in. */
interface Running {
  readonly url: string;
  readonly cookie: string;
}

/** How many times the requests per second of `than` are asked for; left out, it is only told. */
interface Goal {
  readonly than: string;
  readonly atLeast?: number;
}

const stops: (() => unknown)[] = [];

async function serve(server: Server): Promise<string> {
  if (!server.listening) await once(server, 'listening');
  stops.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Signs in by a request to the app itself. */
async function running(url: string): Promise<Running> {
  const response = await fetch(`${url}/sign-in`);
  const cookie = response.headers.getSetCookie().map((line) => line.split(';')[0]);
  return { url, cookie: cookie.join('; ') };
}

async function ours(store: SessionStore): Promise<{ sessions: ReturnType<typeof createSessions>; cookie: string }> {
  const sessions = createSessions({ store });
  const { token } = await signIn(sessions, 'ann');
  return { sessions, cookie: `default-session=${token}` };
}

const COOKIE = { cookie: { secure: false } };

const INLINED_COOKIE = `default-session=id.${randomBytes(32).toString('base64url')}`;
const kept = new Map([
  [
    'id',
    { user: 'ann', hash: hashOf(INLINED_COOKIE.slice('default-session=id.'.length)), expiresAt: Date.now() + 1e9 },
  ],
]);

function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** Who is signed in: reads the cookie, hashes the secret, looks up, compares. */
function inlined({ headers }: IncomingMessage): string | null {
  for (const pair of headers.cookie?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() !== 'default-session') continue;
    const [id = '', secret = ''] = pair.slice(at + 1).split('.');
    const found = kept.get(id);
    if (found !== undefined && found.hash === hashOf(secret) && Date.now() < found.expiresAt) return found.user;
  }
  return null;
}

async function onExpressWith(app: Express, cookie: string | null): Promise<Running> {
  const url = await serve(app.listen(0, '127.0.0.1'));
  return cookie === null ? running(url) : { url, cookie };
}

async function expressOurs(store: SessionStore): Promise<Running> {
  const { sessions, cookie } = await ours(store);
  const app = express().use(onExpress.authentication(sessions, COOKIE));
  app.get('/', onExpress.requireSession(), (request, response) => {
    response.json({ user: onExpress.sessionOf(request).user });
  });
  return onExpressWith(app, cookie);
}

async function expressTheirs(store?: expressSession.Store): Promise<Running> {
  const app = express();
  app.use(expressSession({ secret: SECRET, resave: false, saveUninitialized: false, ...(store && { store }) }));
  app.get('/sign-in', (request, response) => {
    Object.assign(request.session, { user: 'ann' });
    response.end();
  });
  app.get('/', (request, response) => {
    const { user } = request.session as { user?: string };
    if (user === undefined) response.sendStatus(401);
    else response.json({ user });
  });
  return onExpressWith(app, null);
}

async function listen(app: FastifyInstance): Promise<string> {
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  stops.push(() => app.close());
  return url;
}

async function onKoaWith(app: Koa, cookie: string | null): Promise<Running> {
  const url = await serve(app.listen(0, '127.0.0.1'));
  return cookie === null ? running(url) : { url, cookie };
}

const apps: Record<string, () => Promise<Running>> = {
  async express() {
    const app = express().get('/', (_, response) => {
      response.json({ user: 'ann' });
    });
    return onExpressWith(app, 'default-session=none');
  },
  async 'express, inlined'() {
    const app = express().use((request, response, next) => {
      response.locals.user = inlined(request);
      next();
    });
    app.get('/', (_, response) => {
      const { user } = response.locals;
      if (user === null) response.sendStatus(401);
      else response.json({ user });
    });
    return onExpressWith(app, INLINED_COOKIE);
  },
  'express, ours': () => expressOurs(memoryStore()),
  'express, ours on SQLite': () => expressOurs(sqliteStore(':memory:')),
  'express-session': () => expressTheirs(),
  async fastify() {
    const app = fastify();
    app.get('/', async () => ({ user: 'ann' }));
    return { url: await listen(app), cookie: 'default-session=none' };
  },
  async 'fastify, inlined'() {
    const app = fastify();
    app.decorateRequest('user', null);
    app.addHook('onRequest', (request, reply, done) => {
      const user = inlined(request.raw);
      Object.assign(request, { user });
      if (user === null) reply.code(401).send();
      else done();
    });
    app.get('/', async (request) => ({ user: Reflect.get(request, 'user') }));
    return { url: await listen(app), cookie: INLINED_COOKIE };
  },
  async 'fastify, ours'() {
    const { sessions, cookie } = await ours(memoryStore());
    const app = fastify();
    await app.register(onFastify.authentication, { sessions, ...COOKIE });
    app.get('/', { onRequest: onFastify.requireSession() }, async (request) => ({
      user: onFastify.sessionOf(request).user,
    }));
    return { url: await listen(app), cookie };
  },
  async '@fastify/session'() {
    const app = fastify();
    await app.register(fastifyCookie);
    await app.register(fastifySession, { secret: SECRET, saveUninitialized: false, cookie: { secure: false } });
    app.get('/sign-in', async (request) => {
      Object.assign(request.session, { user: 'ann' });
      return 'ok';
    });
    app.get('/', async (request, reply) => {
      const { user } = request.session as { user?: string };
      return user === undefined ? reply.code(401).send() : { user };
    });
    return running(await listen(app));
  },
  async koa() {
    const app = new Koa().use((ctx) => {
      ctx.body = { user: 'ann' };
    });
    return onKoaWith(app, 'default-session=none');
  },
  async 'koa, inlined'() {
    const app = new Koa().use((ctx, next) => {
      ctx.state.user = inlined(ctx.req);
      return next();
    });
    app.use((ctx) => {
      const { user } = ctx.state;
      if (user === null) ctx.status = 401;
      else ctx.body = { user };
    });
    return onKoaWith(app, INLINED_COOKIE);
  },
  async 'koa, ours'() {
    const { sessions, cookie } = await ours(memoryStore());
    const app = new Koa().use(onKoa.authentication(sessions, COOKIE)).use(onKoa.requireSession());
    app.use((ctx) => {
      ctx.body = { user: onKoa.sessionOf(ctx).user };
    });
    return onKoaWith(app, cookie);
  },
  async 'koa-session'() {
    const app = new Koa();
    app.keys = [SECRET];
    const kept = new Map<string, unknown>();
    const store = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, data: unknown) => kept.set(key, data),
      destroy: async (key: string) => kept.delete(key),
    };
    app.use(koaSession({ store: store as never }, app));
    app.use((ctx) => {
      if (ctx.path === '/sign-in') ctx.session = { user: 'ann' } as never;
      const user: unknown = ctx.session?.user;
      if (user === undefined) ctx.status = 401;
      else ctx.body = { user };
    });
    return onKoaWith(app, null);
  },
};

const goals: Record<string, readonly Goal[]> = {
  'express, inlined': [{ than: 'express' }],
  'fastify, inlined': [{ than: 'fastify' }],
  'koa, inlined': [{ than: 'koa' }],
  'express, ours': [
    { than: 'express', atLeast: 0.9 },
    { than: 'express-session', atLeast: 1.5 },
  ],
  'fastify, ours': [
    { than: 'fastify', atLeast: 0.85 },
    { than: '@fastify/session', atLeast: 3 },
  ],
  'koa, ours': [
    { than: 'koa', atLeast: 0.83 },
    { than: 'koa-session', atLeast: 3 },
  ],
  'express, ours on SQLite': [{ than: 'express' }],
  'express, ours on Redis': [
    { than: 'express', atLeast: 0.82 },
    { than: 'express-session on connect-redis', atLeast: 1.5 },
  ],
};

const redis = await findService('redis');
if (redis !== null) {
  const prefix = `bench-${randomBytes(4).toString('hex')}:`;
  const client = new Redis(redis);
  // connect-redis goes with this one.
  const nodeRedis = createClient({ url: redis });
  await nodeRedis.connect();
  stops.push(async () => {
    const keys = await client.keys(`${prefix}*`);
    if (keys.length > 0) await client.unlink(...keys);
    client.disconnect();
    await nodeRedis.close();
  });
  apps['express, ours on Redis'] = () => expressOurs(redisStore(client, { prefix }));
  apps['express-session on connect-redis'] = () =>
    expressTheirs(new RedisStore({ client: nodeRedis, prefix: `${prefix}connect:` }));
}

const autocannon = createRequire(import.meta.url).resolve('autocannon');

/** Requests per second, and the processor time of this process for each, in µs. */
async function load({ url, cookie }: Running): Promise<{ readonly rate: number; readonly processor: number }> {
  const before = process.cpuUsage();
  const options = ['--json', '--connections', `${CONNECTIONS}`, '--duration', `${SECONDS}`];
  const given = [...options, '--headers', `cookie=${cookie}`, `${url}/`];
  const { stdout } = await promisify(execFile)(process.execPath, [autocannon, ...given]);
  const { user, system } = process.cpuUsage(before);
  const told = JSON.parse(stdout) as { requests: { average: number; total: number }; non2xx: number; errors: number };
  if (told.non2xx > 0 || told.errors > 0) throw new Error(`${url} answers ${told.non2xx} times with something else`);
  return { rate: told.requests.average, processor: (user + system) / told.requests.total };
}

try {
  const started = new Map<string, Running>();
  for (const [name, start] of Object.entries(apps)) started.set(name, await start());
  const loads = new Map([...started.keys()].map((name) => [name, [] as { rate: number; processor: number }[]]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, app] of started) {
      const loaded = await load(app);
      if (round >= 0) loads.get(name)?.push(loaded);
    }
  }
  for (const [name, own] of loads) {
    const rate = median(own.map((one) => one.rate)).toFixed(0);
    const processor = median(own.map((one) => one.processor)).toFixed(1);
    console.log(`${name.padEnd(36)} ${rate.padStart(7)} requests/s ${processor.padStart(7)} µs of processor`);
    for (const { than, atLeast } of goals[name] ?? []) {
      const others = loads.get(than) ?? [];
      const ratio = median(own.map((one, round) => one.rate / (others[round]?.rate ?? Number.NaN)));
      const more = median(own.map((one, round) => one.processor - (others[round]?.processor ?? Number.NaN)));
      const verdict =
        atLeast === undefined ? '' : `, goal ${atLeast.toFixed(2)}: ${ratio >= atLeast ? 'met' : 'MISSED'}`;
      console.log(`    ${ratio.toFixed(2)} times ${than}, ${more.toFixed(1)} µs of processor more${verdict}`);
    }
  }
} finally {
  for (const stop of stops.reverse()) await stop();
  await stopServices();
}
