import { Redis } from 'ioredis';
import Koa, { type ExtendableContext } from 'koa';
import koaSession, { type CreateSessionOptions } from 'koa-session';
import { authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/koa';
import { bridge, type ExternalStore } from 'session-revocation/koa-session';
import { newPrefix, removeKeys } from '../../engines/support/redis-clients.ts';
import { listen } from '../../frameworks/http/framework.ts';
import { findService } from '../../services/index.ts';
import { answerOf } from './answer-of.ts';
import type { Data, Inner, SessionLayer } from './koa-fastify-site.ts';

type Store = NonNullable<CreateSessionOptions['store']>;

/** The context of koa-session. */
interface WithSession extends ExtendableContext {
  session: (Data & { save(): Promise<void>; regenerate(): Promise<void> }) | null;
}

/** A minimal store, as users of koa-session write it. */
export class MapStore {
  readonly records = new Map<string, string>();

  async get(key: string): Promise<Data | null> {
    return JSON.parse(this.records.get(key) ?? 'null') as Data | null;
  }

  async set(key: string, data: object): Promise<void> {
    this.records.set(key, JSON.stringify(data));
  }

  async destroy(key: string): Promise<void> {
    this.records.delete(key);
  }
}

/** The same store on Redis. */
class RedisSessions {
  readonly #client: Redis;
  readonly #prefix: string;

  constructor(client: Redis, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<Data | null> {
    return JSON.parse((await this.#client.get(this.#prefix + key)) ?? 'null') as Data | null;
  }

  async set(key: string, data: object, maxAge: number | 'session' = 'session'): Promise<void> {
    const ttl = typeof maxAge === 'number' ? maxAge : 86400e3;
    await this.#client.set(this.#prefix + key, JSON.stringify(data), 'PX', ttl);
  }

  async destroy(key: string): Promise<void> {
    await this.#client.del(this.#prefix + key);
  }
}

const innerOf = (store: MapStore | RedisSessions, close: () => Promise<void> = async () => {}): Inner => ({
  store,
  read: (sid) => store.get(sid),
  write: (sid, data) => store.set(sid, data),
  remove: (sid) => store.destroy(sid),
  close,
});

const redisUrl = await findService('redis');

async function redis(url: string, prefix: string): Promise<Inner> {
  const client = new Redis(url, { lazyConnect: true });
  await client.connect();
  return innerOf(new RedisSessions(client, prefix), async () => {
    client.disconnect();
    await removeKeys(url, prefix);
  });
}

/** The layer of koa-session, with an external store. */
export const koaLayer: SessionLayer = {
  name: 'koa-session',
  cookie: 'koa.sess',
  rolling: { rolling: true, maxAge: 3600e3 },
  inners: [
    { name: 'a Map', open: async () => innerOf(new MapStore()) },
    { name: 'Redis', open: redisUrl === null ? null : () => redis(redisUrl, newPrefix()) },
  ],
  openShared: redis,
  sidOf: (cookie) => cookie,

  async serve({ sessions, inner, isPlain, pages, errors, ...app }) {
    const koa = new Koa();
    koa.keys = ['a test'];
    koa.silent = true;
    const store = inner.store as Store & ExternalStore;
    const user = ({ userId }: Data) => userId;
    const bridged = bridge(sessions, { user, account: ({ account }) => account, ...app.bridge });
    koa.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        errors.push(error);
        const { status, body } = answerOf(error);
        Object.assign(ctx, { status, body });
      }
    });
    koa.use(koaSession({ ...app.settings, store: isPlain ? store : bridged.store(store) }, koa));
    if (!isPlain) koa.use(bridged.middleware()).use(sessionRoutes(sessions, { path: '/sessions' }));
    for (const { method, path, isGuarded, run } of pages) {
      const guard = requireSession();
      koa.use(async (context, next) => {
        const ctx = context as unknown as WithSession;
        if (ctx.method.toLowerCase() !== method || ctx.path !== path) return next();
        const answer = async (): Promise<void> => {
          const result = await run({
            get auth() {
              return authOf<string>(ctx);
            },
            session: () => sessionOf(ctx),
            query: new URLSearchParams(ctx.querystring),
            get data() {
              return ctx.session;
            },
            set data(data) {
              Object.assign(ctx, { session: data });
            },
            destroy: () => {
              ctx.session = null;
            },
            save: async () => ctx.session?.save(),
            regenerate: async () => ctx.session?.regenerate(),
          });
          ctx.body = JSON.stringify(result ?? null);
          ctx.type = 'json';
        };
        return isGuarded === true ? guard(ctx, answer) : answer();
      });
    }
    return listen(koa.callback());
  },
};
