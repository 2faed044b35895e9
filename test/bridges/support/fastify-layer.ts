import fastifyCookie from '@fastify/cookie';
import fastifySession, { MemoryStore, type SessionStore } from '@fastify/session';
import { RedisStore } from 'connect-redis';
import { fastify, type Session } from 'fastify';
import { createClient } from 'redis';
import { authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/fastify';
import { bridge } from 'session-revocation/fastify-session';
import { newPrefix, removeKeys } from '../../engines/support/redis-clients.ts';
import { findService } from '../../services/index.ts';
import { answerOf } from './answer-of.ts';
import type { Data, Inner, SessionLayer } from './koa-fastify-site.ts';

declare module 'fastify' {
  /** The data that the apps under test keep for a visitor. */
  interface Session extends Data {}
}

/** Gives a callback store of @fastify/session a promise interface. */
export function innerOf(store: SessionStore, close: () => Promise<void> = async () => {}): Inner {
  const told = <Value>(ask: (callback: (error?: unknown, value?: Value) => void) => void): Promise<Value | undefined> =>
    new Promise((resolve, reject) => {
      ask((error, value) => (error ? reject(error) : resolve(value)));
    });
  return {
    store,
    read: async (sid) => (await told<Session | null>((callback) => store.get(sid, callback))) ?? null,
    write: (sid, data) => told<void>((callback) => store.set(sid, data as Session, callback)),
    remove: (sid) => told<void>((callback) => store.destroy(sid, callback)),
    close,
  };
}

const redisUrl = await findService('redis');

async function redis(url: string, prefix: string): Promise<Inner> {
  const client = createClient({ url });
  await client.connect();
  return innerOf(new RedisStore({ client, prefix }), async () => {
    client.destroy();
    await removeKeys(url, prefix);
  });
}

/** The layer of @fastify/session. */
export const fastifyLayer: SessionLayer = {
  name: '@fastify/session',
  cookie: 'sessionId',
  rolling: { rolling: true, cookie: { secure: false, maxAge: 3600e3 } },
  inners: [
    { name: 'MemoryStore', open: async () => innerOf(new MemoryStore()) },
    { name: 'connect-redis', open: redisUrl === null ? null : () => redis(redisUrl, newPrefix()) },
  ],
  openShared: redis,
  sidOf: (cookie) => decodeURIComponent(cookie).split('.')[0] ?? '',

  async serve({ sessions, inner, isPlain, pages, errors, ...app }) {
    const server = fastify({ forceCloseConnections: true });
    const store = inner.store as SessionStore;
    const bridged = bridge(sessions, {
      user: ({ userId }) => userId,
      account: ({ account }) => account,
      ...app.bridge,
    });
    const settings = { secret: 'a'.repeat(32), saveUninitialized: false, rolling: false, cookie: { secure: false } };
    if (app.bridge.adoptUntil !== undefined) server.addHook('onRequest', bridged.hook);
    await server.register(fastifyCookie);
    await server.register(fastifySession, {
      ...settings,
      ...app.settings,
      store: isPlain ? store : bridged.store(store),
    });
    if (!isPlain) {
      await server.register(bridged.plugin);
      await server.register(sessionRoutes, { sessions, prefix: '/sessions' });
    }
    server.setErrorHandler((error, _, reply) => {
      errors.push(error);
      const { status, body } = answerOf(error);
      return reply.code(status).send(body);
    });
    for (const { method, path, isGuarded, run } of pages) {
      server[method]<{ Querystring: Record<string, string> }>(
        path,
        { onRequest: isGuarded === true ? requireSession() : [] },
        async (request, reply) => {
          const answer = await run({
            get auth() {
              return authOf<string>(request);
            },
            session: () => sessionOf(request),
            query: new URLSearchParams(request.query),
            get data() {
              return request.session;
            },
            destroy: () => request.session.destroy(),
            save: () => request.session.save(),
            regenerate: () => request.session.regenerate(),
          });
          return reply.header('content-type', 'application/json').send(JSON.stringify(answer ?? null));
        },
      );
    }
    return { url: await server.listen({ host: '127.0.0.1', port: 0 }), close: () => server.close() };
  },
};
