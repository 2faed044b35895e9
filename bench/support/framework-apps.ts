/** The same small app on each framework, with one session layer or another. */
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
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
import { signIn } from './sign-in.ts';

const SECRET = randomBytes(32).toString('hex');

/** An app that answers, and the cookie of somebody who is signed in. */
export interface Running {
  readonly url: string;
  readonly cookie: string;
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

/** Apps whose one page says who is signed in, by name. */
export const apps: Readonly<Record<string, (redisUrl: string) => Promise<Running>>> = {
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
  async 'express, ours on Redis'(redisUrl) {
    const client = new Redis(redisUrl);
    const prefix = newPrefix();
    stops.push(async () => {
      const keys = await client.keys(`${prefix}*`);
      if (keys.length > 0) await client.unlink(...keys);
      client.disconnect();
    });
    return expressOurs(redisStore(client, { prefix }));
  },
  async 'express-session on connect-redis'(redisUrl) {
    // connect-redis goes with this one.
    const client = createClient({ url: redisUrl });
    await client.connect();
    const prefix = newPrefix();
    stops.push(async () => {
      const keys = await client.keys(`${prefix}*`);
      if (keys.length > 0) await client.unlink(keys);
      await client.close();
    });
    return expressTheirs(new RedisStore({ client, prefix }));
  },
};

const newPrefix = (): string => `bench-${randomBytes(4).toString('hex')}:`;

/** Ends what was started. */
export async function stopApps(): Promise<void> {
  for (const stop of stops.reverse()) await stop();
}
