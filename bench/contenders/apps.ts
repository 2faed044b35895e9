/** The same small app on each framework, with different session layers. */
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import express, { type Express } from 'express';
import fastify, { type FastifyInstance } from 'fastify';
import Koa from 'koa';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { createSessions } from 'session-revocation';
import * as onExpress from 'session-revocation/express';
import * as onFastify from 'session-revocation/fastify';
import * as onKoa from 'session-revocation/koa';
import type { Opened } from '../../test/services/stores.ts';
import { peer } from '../harness/peers.ts';
import { SETTINGS, signInMany } from '../harness/sign-in.ts';
import { inMemory, openBetterAuth } from './better-auth.ts';

/** Number of signed-in users. The load sends their cookies in turn. */
const USERS = 1_000;
const SECRET = randomBytes(32).toString('hex');

/** A running app, and the cookies of its signed-in users. */
export interface Running {
  readonly url: string;
  readonly cookies: readonly string[];
}

async function serve(server: Server): Promise<string> {
  if (!server.listening) await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Signs users in with requests to the app's `/sign-in` route. */
async function signedIn(url: string): Promise<Running> {
  const cookies: string[] = [];
  for (let nth = 0; nth < USERS; nth++) {
    const response = await fetch(`${url}/sign-in`);
    await response.arrayBuffer();
    cookies.push(
      response.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; '),
    );
  }
  return { url, cookies };
}

const COOKIE = { cookie: { secure: false } };
/** Cookies for the apps without sessions. Their number and length match real ones, so that the load costs the same. */
const WITHOUT_SESSION = Array.from(
  { length: USERS },
  () => `default-session=none.${randomBytes(66).toString('base64url')}`,
);

async function ours({ store }: Pick<Opened, 'store'>, options: object = {}) {
  const sessions = createSessions({ store, ...SETTINGS, ...options });
  await sessions.setup();
  const cookies = (await signInMany(sessions, USERS)).map((token) => `default-session=${token}`);
  return { sessions, cookies };
}

const hashOf = (secret: string): string => hash('sha256', secret, 'base64url');

const kept = new Map<string, { user: string; hash: string; expiresAt: number }>();
const INLINED = Array.from({ length: USERS }, (_, nth) => {
  const [id, secret] = [randomBytes(16).toString('base64url'), randomBytes(32).toString('base64url')];
  kept.set(id, { user: `user-${nth}`, hash: hashOf(secret), expiresAt: Date.now() + 1e9 });
  return `default-session=${id}.${secret}`;
});

/**
 * A session check written by hand. It reads the cookie, hashes the secret, looks the session up and compares the
 * hashes.
 */
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

async function onExpressWith(app: Express, cookies: readonly string[] | null): Promise<Running> {
  const url = await serve(app.listen(0, '127.0.0.1'));
  return cookies === null ? signedIn(url) : { url, cookies };
}

/** The apps of this library, over any store. */
export const ourApps = {
  async express(opened: Pick<Opened, 'store'>, options?: object): Promise<Running> {
    const { sessions, cookies } = await ours(opened, options);
    const app = express().use(onExpress.authentication(sessions, COOKIE));
    app.get('/', onExpress.requireSession(), (request, response) => {
      response.json({ user: onExpress.sessionOf(request).user });
    });
    return onExpressWith(app, cookies);
  },
  async fastify(opened: Pick<Opened, 'store'>, options?: object): Promise<Running> {
    const { sessions, cookies } = await ours(opened, options);
    const app = fastify();
    await app.register(onFastify.authentication, { sessions, ...COOKIE });
    app.get('/', { onRequest: onFastify.requireSession() }, async (request) => ({
      user: onFastify.sessionOf(request).user,
    }));
    return { url: await listen(app), cookies };
  },
  async koa(opened: Pick<Opened, 'store'>, options?: object): Promise<Running> {
    const { sessions, cookies } = await ours(opened, options);
    const app = new Koa().use(onKoa.authentication(sessions, COOKIE)).use(onKoa.requireSession());
    app.use((ctx) => {
      ctx.body = { user: onKoa.sessionOf(ctx).user };
    });
    return onKoaWith(app, cookies);
  },
};

type ExpressSession = typeof import('express-session');

export async function expressTheirs(storeOf?: (session: ExpressSession) => Promise<object>): Promise<Running> {
  const { default: session } = await peer<{ default: ExpressSession }>('express-session');
  const store = (await storeOf?.(session)) as import('express-session').Store | undefined;
  const app = express();
  app.use(session({ secret: SECRET, resave: false, saveUninitialized: false, ...(store && { store }) }));
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
  return url;
}

async function onKoaWith(app: Koa, cookies: readonly string[] | null): Promise<Running> {
  const url = await serve(app.listen(0, '127.0.0.1'));
  return cookies === null ? signedIn(url) : { url, cookies };
}

/** Returns a store of connect-redis. A session middleware such as express-session takes it. */
export async function connectRedis(url: string, prefix: string): Promise<object> {
  const { RedisStore } = await peer<typeof import('connect-redis')>('connect-redis');
  const client = createClient({ url });
  await client.connect();
  return new RedisStore({ client, prefix });
}

export async function connectPgSimple(session: ExpressSession, url: string, schemaName: string): Promise<object> {
  const { default: connect } = await peer<{ default: typeof import('connect-pg-simple') }>('connect-pg-simple');
  const pool = new Pool({ connectionString: url });
  return new (connect(session))({ pool, schemaName, createTableIfMissing: true, pruneSessionInterval: false });
}

/** Follows better-auth's documentation: the route asks `getSession` about the request's headers. */
export async function expressBetterAuth(cookieCache: boolean): Promise<Running> {
  const { auth, cookies } = await openBetterAuth(inMemory, cookieCache, 100);
  const app = express();
  app.get('/', async (request, response) => {
    const found = await auth.api.getSession({ headers: new Headers(request.headers as Record<string, string>) });
    if (found === null) response.sendStatus(401);
    else response.json({ user: 'ann' });
  });
  return onExpressWith(app, cookies);
}

/** The apps by name. Each has one page, which names the signed-in user. */
export const apps = {
  async express() {
    const app = express().get('/', (_, response) => {
      response.json({ user: 'ann' });
    });
    return onExpressWith(app, WITHOUT_SESSION);
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
    return onExpressWith(app, INLINED);
  },
  async fastify() {
    const app = fastify();
    app.get('/', async () => ({ user: 'ann' }));
    return { url: await listen(app), cookies: WITHOUT_SESSION };
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
    return { url: await listen(app), cookies: INLINED };
  },
  async '@fastify/session'() {
    const app = fastify();
    const { default: fastifySession } = await peer<{ default: typeof import('@fastify/session').fastifySession }>(
      '@fastify/session',
    );
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
    return signedIn(await listen(app));
  },
  async koa() {
    const app = new Koa().use((ctx) => {
      ctx.body = { user: 'ann' };
    });
    return onKoaWith(app, WITHOUT_SESSION);
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
    return onKoaWith(app, INLINED);
  },
  async 'koa-session'() {
    const { default: koaSession } = await peer<typeof import('koa-session')>('koa-session');
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
} satisfies Record<string, () => Promise<Running>>;
