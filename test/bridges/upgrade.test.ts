import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import fastifyCookie from '@fastify/cookie';
import fastifySession, * as fastifySessions from '@fastify/session';
import express from 'express';
import expressSession, * as expressSessions from 'express-session';
import { fastify } from 'fastify';
import Koa from 'koa';
import koaSession, { type CreateSessionOptions } from 'koa-session';
import { createSessions, type Session, type SessionStore, type Sessions } from 'session-revocation';
import { authOf as expressAuthOf } from 'session-revocation/express';
import { bridge as expressBridge, type UpgradeRequirements } from 'session-revocation/express-session';
import { authOf as fastifyAuthOf } from 'session-revocation/fastify';
import { bridge as fastifyBridge } from 'session-revocation/fastify-session';
import { authOf as koaAuthOf } from 'session-revocation/koa';
import { type ExternalStore, bridge as koaBridge } from 'session-revocation/koa-session';
import { memoryStore } from 'session-revocation/memory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { MapStore } from './support/koa-layer.ts';
import './support/fastify-layer.ts';

const ORIGIN = 'https://app.example.org';
const requirements: UpgradeRequirements = { kinds: ['browser'] };

/** Observes and breaks the inner store of a layer. */
interface Inner {
  isBroken: boolean;
  writes: number;
}

interface App {
  readonly server: Server;
  readonly upgrade: (request: IncomingMessage, socket: Duplex) => Promise<Session | null>;
}

interface Layer {
  readonly madeUp: string;
  /**
   * Serves an app that signs Ann in at `POST /sign-in`. `POST /renew` renews her session without closing sockets. Every
   * request saves the inner session.
   */
  serve(sessions: Sessions, inner: Inner): Promise<App>;
  /** Returns an upgrade handler that is wired up wrongly: its inner layer does not use the bridge's store. */
  serveWrongly(sessions: Sessions): Promise<App['upgrade']>;
}

/** Counts the writes of a store with callbacks, and breaks its reads. */
function watched<Store extends object>(store: Store, inner: Inner): Store {
  const { get, set } = store as never as Record<'get' | 'set', (...given: unknown[]) => unknown>;
  return Object.assign(store, {
    get: (...given: unknown[]) => {
      if (!inner.isBroken) return Reflect.apply(get, store, given);
      const error = new Error('the inner store is down');
      const callback = given.at(-1);
      if (typeof callback !== 'function') throw error;
      callback(error);
    },
    set: (...given: unknown[]) => {
      inner.writes++;
      return Reflect.apply(set, store, given);
    },
  });
}

const KOA_KEYS = ['a test'];
type KoaStore = NonNullable<CreateSessionOptions['store']> & ExternalStore;

const LAYERS: Readonly<Record<string, Layer>> = {
  'express-session': {
    madeUp: 'connect.sid=s%3Ax.y',
    async serve(sessions, inner) {
      const bridged = expressBridge(sessions, { user: (data) => data.userId, origins: [ORIGIN] });
      const store = bridged.store(watched(new expressSessions.MemoryStore(), inner));
      const middleware = expressSession({ store, secret: 'x', resave: true, rolling: true, saveUninitialized: false });
      const app = express();
      app.use(middleware);
      app.post('/sign-in', async (request, response) => {
        const signedIn = await expressAuthOf(request).signIn({ user: 'ann', verify: () => true });
        if (signedIn.ok) request.session.userId = 'ann';
        response.json(signedIn.ok);
      });
      app.post('/renew', async (request, response) => {
        response.json((await expressAuthOf(request).renew({ keepSignals: true })).ok);
      });
      return { server: createServer(app), upgrade: bridged.upgrade(middleware, requirements) };
    },
    async serveWrongly(sessions) {
      const bridged = expressBridge(sessions, { user: (data) => data.userId, origins: [ORIGIN] });
      return bridged.upgrade(expressSession({ secret: 'x', resave: false, saveUninitialized: false }));
    },
  },
  'koa-session': {
    madeUp: 'koa.sess=x; koa.sess.sig=y',
    async serve(sessions, inner) {
      const bridged = koaBridge(sessions, { user: (data: { userId?: string }) => data.userId, origins: [ORIGIN] });
      const app = new Koa();
      app.keys = KOA_KEYS;
      app.silent = true;
      const store = bridged.store(watched(new MapStore(), inner) as never as KoaStore);
      const middleware = koaSession({ store, rolling: true }, app);
      app.use(middleware).use(bridged.middleware());
      app.use(async (ctx) => {
        if (ctx.method !== 'POST') return;
        if (ctx.path === '/renew') {
          ctx.body = `${(await koaAuthOf(ctx).renew({ keepSignals: true })).ok}`;
          return;
        }
        const signedIn = await koaAuthOf(ctx).signIn({ user: 'ann', verify: () => true });
        if (signedIn.ok) Reflect.set(ctx.session ?? {}, 'userId', 'ann');
        ctx.body = `${signedIn.ok}`;
      });
      return { server: createServer(app.callback()), upgrade: bridged.upgrade(app, middleware, requirements) };
    },
    async serveWrongly(sessions) {
      const bridged = koaBridge(sessions, { user: (data: { userId?: string }) => data.userId, origins: [ORIGIN] });
      const app = new Koa();
      app.keys = KOA_KEYS;
      return bridged.upgrade(app, koaSession({ store: new MapStore() as never as KoaStore }, app));
    },
  },
  '@fastify/session': {
    madeUp: 'sid=f-x.y',
    async serve(sessions, inner) {
      const bridged = fastifyBridge(sessions, { user: ({ userId }) => userId, origins: [ORIGIN] });
      const app = fastify();
      await app.register(fastifyCookie);
      await app.register(fastifySession, {
        store: bridged.store(watched(new fastifySessions.MemoryStore(), inner)),
        secret: 'a'.repeat(32),
        saveUninitialized: false,
        rolling: true,
        cookieName: 'sid',
        cookiePrefix: 'f-',
        cookie: { secure: false },
      });
      await app.register(bridged.plugin);
      app.post('/sign-in', async (request) => {
        const signedIn = await fastifyAuthOf(request).signIn({ user: 'ann', verify: () => true });
        if (signedIn.ok) request.session.userId = 'ann';
        return signedIn.ok;
      });
      app.post('/renew', async (request) => (await fastifyAuthOf(request).renew({ keepSignals: true })).ok);
      const upgrade = bridged.upgrade(app, { ...requirements, cookieName: 'sid', cookiePrefix: 'f-' });
      await app.ready();
      return { server: app.server, upgrade };
    },
    async serveWrongly(sessions) {
      const bridged = fastifyBridge(sessions, { user: ({ userId }) => userId, origins: [ORIGIN] });
      return bridged.upgrade(fastify());
    },
  },
};

describe.each(Object.entries(LAYERS))('a WebSocket beside %s', (_, layer) => {
  let server: Server;
  let sockets: WebSocketServer;
  let sessions: Sessions;
  let isDown: boolean;
  let inner: Inner;
  let upgrade: App['upgrade'];
  const failures: unknown[] = [];

  beforeEach(async () => {
    isDown = false;
    inner = { isBroken: false, writes: 0 };
    failures.length = 0;
    const store = memoryStore();
    const find: SessionStore['find'] = (...given) => {
      if (isDown) throw new Error('down');
      return store.find(...given);
    };
    sessions = createSessions({ store: { ...store, find } });
    ({ server, upgrade } = await layer.serve(sessions, inner));
    sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', async (request, socket, head) => {
      const opened = await upgrade(request, socket).catch((error: unknown) => void failures.push(error));
      if (opened === null || opened === undefined) return;
      sockets.handleUpgrade(request, socket, head, (ws) => {
        const signal = sessions.signal(opened, ws);
        signal.addEventListener('abort', () => ws.close(4401, signal.reason.cause?.reason));
        ws.on('message', (text) => ws.send(`${opened.user}: ${text}`));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    for (const ws of sockets.clients) ws.terminate();
    server.close();
    await sessions.close();
  });

  const address = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** Returns the cookies of the answer. */
  async function post(path: string, cookie = ''): Promise<string> {
    const response = await fetch(`http://${address()}${path}`, { method: 'POST', headers: { origin: ORIGIN, cookie } });
    expect(await response.text()).toBe('true');
    return response.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
  }

  const signIn = (): Promise<string> => post('/sign-in');

  function statusOf(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
    const ws = new WebSocket(`ws://${address()}/`, { headers });
    return new Promise((resolve, reject) => {
      ws.on('open', () => resolve(101));
      ws.on('unexpected-response', (__, response) => {
        response.resume();
        resolve(response.statusCode);
      });
      ws.on('error', reject);
    });
  }

  test('opens for a session of the layer, and closes with 4401 when that is revoked', async () => {
    const cookie = await signIn();
    const ws = new WebSocket(`ws://${address()}/`, { headers: { cookie, origin: ORIGIN } });
    await once(ws, 'open');
    ws.send('hello');
    expect(String((await once(ws, 'message'))[0])).toBe('ann: hello');
    const closed = once(ws, 'close');
    await sessions.revoke({ user: 'ann' });
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4401, 'revoked']);
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(401);
  });

  test('stays open when a request renews the session with keepSignals, and closes when that is revoked', async () => {
    const cookie = await signIn();
    const ws = new WebSocket(`ws://${address()}/`, { headers: { cookie, origin: ORIGIN } });
    await once(ws, 'open');
    const closed = once(ws, 'close');
    const renewed = await post('/renew', cookie);
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(401);
    expect(await statusOf({ cookie: renewed, origin: ORIGIN })).toBe(101);
    ws.send('hello');
    expect(String((await once(ws, 'message'))[0])).toBe('ann: hello');
    await sessions.revoke({ user: 'ann' });
    expect(String((await closed)[1])).toBe('revoked');
  });

  test.each([
    ['without a session', async () => ({ origin: ORIGIN }), 401],
    ['with a made-up cookie', async () => ({ cookie: layer.madeUp, origin: ORIGIN }), 401],
    ['of another site', async () => ({ cookie: await signIn(), origin: 'https://evil.example' }), 403],
    ['without an origin', async () => ({ cookie: await signIn() }), 403],
  ])('answers a request %s', async (__, headers, status) => {
    expect(await statusOf(await headers())).toBe(status);
  });

  test('answers 503 in an outage, and 500 with a rejection where the inner store fails', async () => {
    const cookie = await signIn();
    isDown = true;
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(503);
    isDown = false;
    inner.isBroken = true;
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(500);
    expect(failures).toMatchObject([{ message: 'the inner store is down' }]);
    inner.isBroken = false;
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(101);
  });

  test('saves nothing, although each request of the app does', async () => {
    const cookie = await signIn();
    const before = inner.writes;
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(101);
    expect(inner.writes).toBe(before);
    const response = await fetch(`http://${address()}/sign-in`, { method: 'HEAD', headers: { cookie } });
    await response.text();
    expect(inner.writes).toBeGreaterThan(before);
  });

  test('answers 500 with a TypeError that tells what is missing', async () => {
    const cookie = await signIn();
    upgrade = await layer.serveWrongly(sessions);
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(500);
    expect(failures).toMatchObject([{ name: 'TypeError', message: expect.stringMatching(/session/) }]);
  });
});
