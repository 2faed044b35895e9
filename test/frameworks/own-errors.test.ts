import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { fastify as fastify4 } from 'fastify4';
import Koa from 'koa';
import Koa2 from 'koa2';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import * as onExpress from 'session-revocation/express';
import * as onFastify from 'session-revocation/fastify';
import * as onKoa from 'session-revocation/koa';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Served } from './http/framework.ts';
import { listen } from './http/index.ts';
import { TestClock } from './http/site.ts';

const SEEN = { seen: true };
const FAILING = async (): Promise<never> => {
  throw new Error('an error of the app');
};

type Serve = (sessions: Sessions) => Promise<Served>;

const serveExpress =
  (framework: typeof express): Serve =>
  async (sessions) => {
    const app = framework().use(onExpress.authentication(sessions));
    app.use('/sessions', onExpress.sessionRoutes(sessions, { authorize: FAILING }));
    app.get('/', (_, response) => void response.json(SEEN));
    // Answers an error like Express, but prints nothing on the console.
    app.use(((_error, _request, response, _next) => void response.sendStatus(500)) as express.ErrorRequestHandler);
    return listen(app);
  };

const serveKoa =
  (App: typeof Koa): Serve =>
  async (sessions) => {
    const app = new App().use(onKoa.authentication(sessions));
    app.use(onKoa.sessionRoutes(sessions, { path: '/sessions', authorize: FAILING }));
    app.use((ctx) => {
      ctx.body = SEEN;
    });
    app.silent = true;
    return listen(app.callback());
  };

const serveFastify =
  (create: typeof fastify): Serve =>
  async (sessions) => {
    const app = create();
    await app.register(onFastify.authentication, { sessions });
    app.register(onFastify.sessionRoutes, { sessions, prefix: '/sessions', authorize: FAILING });
    app.get('/', async () => SEEN);
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
  };

const apps: Readonly<Record<string, Serve>> = {
  express: serveExpress(express),
  'express 4': serveExpress(express4),
  koa: serveKoa(Koa),
  'koa 2': serveKoa(Koa2),
  fastify: serveFastify(fastify),
  'fastify 4': serveFastify(fastify4 as unknown as typeof fastify),
};

/** Returns the same store with asynchronous answers. */
const later = (store: SessionStore): SessionStore =>
  new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => Reflect.apply(member, target, args);
    },
  });

describe.each(Object.entries(apps))('%s', (_, serve) => {
  test.each([
    ['at once', memoryStore],
    ['later', () => later(memoryStore())],
  ])(
    'an error that is no outage reaches the framework, and ends one request: the store answers %s',
    async (_, store) => {
      const clock = new TestClock();
      const sessions = createSessions({ store: store(), clock });
      const started = await sessions.start({ user: 'alice', fence: await sessions.fence({ user: 'alice' }) });
      const { url, close } = await serve(sessions);
      onTestFinished(async () => {
        await close();
        await sessions.close();
      });
      const ask = async (): Promise<number> => {
        const cookie = `__Host-default-session=${started.ok ? started.token : ''}`;
        return (await fetch(url, { headers: { cookie } })).status;
      };

      const { now } = clock;
      clock.now = () => Number.NaN;
      expect(await ask()).toBe(500);
      clock.now = now;
      expect(await ask()).toBe(200);
    },
  );

  test('an error of `authorize` reaches the framework, and ends one request', async () => {
    const sessions = createSessions({ store: memoryStore() });
    const started = await sessions.start({ user: 'alice', fence: await sessions.fence({ user: 'alice' }) });
    const { url, close } = await serve(sessions);
    onTestFinished(async () => {
      await close();
      await sessions.close();
    });
    const headers = { cookie: `__Host-default-session=${started.ok ? started.token : ''}` };
    expect((await fetch(`${url}/sessions`, { headers })).status).toBe(500);
    expect((await fetch(url, { headers })).status).toBe(200);
  });
});
