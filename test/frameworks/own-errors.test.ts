import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import * as onExpress from 'session-revocation/express';
import * as onFastify from 'session-revocation/fastify';
import * as onKoa from 'session-revocation/koa';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listen } from './http/index.ts';
import { TestClock } from './http/site.ts';

const SEEN = { seen: true };

const apps: Record<string, (sessions: Sessions) => Promise<{ readonly url: string; close(): Promise<void> }>> = {
  express: async (sessions) => {
    const app = express().use(onExpress.authentication(sessions));
    app.get('/', (_, response) => void response.json(SEEN));
    // As Express tells it to a client, and nothing on the console.
    app.use(((_error, _request, response, _next) => void response.sendStatus(500)) as express.ErrorRequestHandler);
    return listen(app);
  },
  koa: async (sessions) => {
    const app = new Koa().use(onKoa.authentication(sessions)).use((ctx) => {
      ctx.body = SEEN;
    });
    app.silent = true;
    return listen(app.callback());
  },
  fastify: async (sessions) => {
    const app = fastify();
    await app.register(onFastify.authentication, { sessions });
    app.get('/', async () => SEEN);
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
  },
};

/** The same store, which answers later. */
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
});
