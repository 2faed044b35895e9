import fastifyCookie from '@fastify/cookie';
import fastifySession, { type FastifySessionObject, MemoryStore, type SessionStore } from '@fastify/session';
import { fastify, type Session } from 'fastify';
import { createSessions } from 'session-revocation';
import { authOf } from 'session-revocation/fastify';
import { bridge, type FastifySessionBridge } from 'session-revocation/fastify-session';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fastifyLayer } from './support/fastify-layer.ts';
import { type Inner, open, type Page } from './support/koa-fastify-site.ts';

function newBridge(): FastifySessionBridge {
  const sessions = createSessions({ store: memoryStore() });
  onTestFinished(() => sessions.close());
  return bridge(sessions, { user: ({ userId }) => userId });
}

const visitor = (cart: string[]): Session => ({ cookie: { originalMaxAge: null }, cart });

/** Returns the arguments of every call of the callback. Waits for late second calls. */
async function calledBack(run: (callback: (...answer: unknown[]) => void) => unknown): Promise<unknown[]> {
  const calls: unknown[] = [];
  await new Promise<void>((resolve) => {
    run((...answer) => {
      calls.push(answer);
      resolve();
    });
  });
  for (let time = 0; time < 5; time++) await new Promise((resolve) => setImmediate(resolve));
  return calls;
}

const CALLS: readonly (readonly [name: string, run: (store: SessionStore) => Promise<unknown>])[] = [
  [
    'what was set is got, and a later set replaces',
    async (store) => [
      await calledBack((callback) => store.set('a', visitor(['tea']), callback)),
      await calledBack((callback) => store.set('a', visitor(['milk']), callback)),
      await calledBack((callback) => store.get('a', (error, data) => callback(error ?? null, data?.cart))),
    ],
  ],
  [
    'get of what is not there',
    async (store) => calledBack((callback) => store.get('x', (error, data) => callback(error ?? null, data ?? null))),
  ],
  [
    'destroy of what is there, twice, and of what never was',
    async (store) => {
      await calledBack((callback) => store.set('a', visitor(['tea']), callback));
      const errors = [];
      for (const sid of ['a', 'a', 'x'])
        errors.push(await calledBack((callback) => store.destroy(sid, (error) => callback(error ?? null))));
      return [
        errors,
        await calledBack((callback) => store.get('a', (error, data) => callback(error ?? null, data ?? null))),
      ];
    },
  ],
];

describe.each(fastifyLayer.inners)('on $name', ({ open: openInner }) => {
  describe.skipIf(openInner === null)('a bridged store', () => {
    async function newInner(): Promise<Inner> {
      const inner = await openInner!();
      onTestFinished(inner.close);
      return inner;
    }

    test.each(CALLS)('does the same as the inner one: %s', async (_, run) => {
      const [alone, under] = [await newInner(), await newInner()];
      const expected = JSON.stringify(await run(alone.store as SessionStore));
      const store = newBridge().store(under.store as SessionStore);
      expect(JSON.stringify(await run(store)).replaceAll('"OK"', '')).toBe(expected.replaceAll('"OK"', ''));
    });
  });
});

test('what the inner store has beyond, the bridged one has, and nothing that it lacks', () => {
  class Inner extends MemoryStore {
    readonly #secret = 'hidden';
    tell = (): string => this.#secret;
    on(): this {
      return this;
    }
  }
  const inner = new Inner();
  const store = newBridge().store(inner);
  expect(store).toBeInstanceOf(MemoryStore);
  expect(store.constructor).toBe(Inner);
  expect(store.tell()).toBe('hidden');
  expect(store.on()).toBe(store);
  for (const name of ['touch', 'all', 'adopt', 'rotate']) expect(name in store, name).toBe(name in inner);
  expect(Reflect.get(store, 'rotate')).toBeUndefined();
});

describe('the errors of the inner store', () => {
  const failure = Object.assign(new Error('inner'), { code: 'EINNER' });

  test.each(['calls back', 'throws'])('are passed on as they are, once: it %s', async (way) => {
    const fail = (callback: (error: unknown) => void): void => {
      if (way === 'throws') throw failure;
      callback(failure);
    };
    const inner: SessionStore = {
      get: (_, callback) => callback(null, null),
      set: (_, __, callback) => fail(callback),
      destroy: (_, callback) => fail(callback),
    };
    const store = newBridge().store(inner);
    expect(await calledBack((callback) => store.set('a', visitor([]), callback))).toEqual([[failure]]);
    expect(await calledBack((callback) => store.destroy('a', callback))).toEqual([[failure]]);
  });

  test('are errors of the request, and sign no user out', async () => {
    const memory = new MemoryStore();
    let isBroken = false;
    const store: SessionStore = {
      get: (sid, callback) => (isBroken ? callback(failure) : memory.get(sid, callback)),
      set: (sid, data, callback) => (isBroken ? callback(failure) : memory.set(sid, data, callback)),
      destroy: (sid, callback) => (isBroken ? callback(failure) : memory.destroy(sid, callback)),
    };
    const inner: Inner = { ...(await fastifyLayer.inners[0].open!()), store };
    const site = await open(fastifyLayer, { inner });
    const browser = site.browser();
    const sid = await browser.login('alice');
    isBroken = true;
    for (const path of ['/me', '/inner'])
      expect(await browser.get(path)).toMatchObject({ status: 500, setCookies: [] });
    isBroken = false;
    expect(browser.sid).toBe(sid);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  });

  /** Opens a site whose inner store fails at the steps in `failing`. */
  async function breakable() {
    const memory = new MemoryStore();
    const failing = new Set<string>();
    const store: SessionStore = {
      get: (sid, callback) => memory.get(sid, callback),
      set(sid, data, callback) {
        const isMark = Reflect.get(data, 'sessionRevocation') === '' && failing.delete('mark');
        if (isMark || failing.has('set')) callback(failure);
        else memory.set(sid, data, callback);
      },
      destroy: (sid, callback) => memory.destroy(sid, callback),
    };
    const inner: Inner = { ...(await fastifyLayer.inners[0].open!()), store };
    return { failing, ...(await open(fastifyLayer, { inner })) };
  }

  test('in the middle of a renewal leave the session that is there, under its new token', async () => {
    const { failing, browser: newBrowser } = await breakable();
    const browser = newBrowser();
    const sid = await browser.login('alice');
    failing.add('mark');
    expect((await browser.post('/renew')).status).toBe(500);
    expect(browser.sid).toBe(sid);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  });

  test.each(['', '?user=alice'])(
    'during a sign-in leave the visitor or user "%s" signed in as before',
    async (before) => {
      const { failing, sessions, browser: newBrowser } = await breakable();
      const browser = newBrowser();
      await browser.post('/cart?item=tea');
      if (before !== '') await browser.login('alice');
      const { sid } = browser;
      const user = before === '' ? null : 'alice';
      failing.add('mark');
      expect((await browser.post('/login?user=alice')).status).toBe(500);
      expect(browser.sid).toBe(sid);
      expect((await browser.get('/who')).json).toMatchObject({ user, inner: user, cart: ['tea'] });
      expect((await sessions.list({ user: 'alice' })).sessions).toHaveLength(user === null ? 0 : 1);
    },
  );

  test('keep a renewal from being begun that could not be saved', async () => {
    const { failing, store, browser: newBrowser } = await breakable();
    const browser = newBrowser();
    const sid = await browser.login('alice');
    failing.add('set');
    expect((await browser.post('/renew')).status).toBe(500);
    failing.clear();
    expect(store.count('renew')).toBe(0);
    expect(browser.sid).toBe(sid);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  });
});

describe('the plugin', () => {
  const settings = { secret: 'a'.repeat(32), cookie: { secure: false } };

  test('tells what is known behind hooks of the app’s own that take their time', async () => {
    const sessions = createSessions({ store: memoryStore() });
    const app = fastify();
    onTestFinished(async () => {
      await app.close();
      await sessions.close();
    });
    const bridged = bridge(sessions, { user: ({ userId }) => userId });
    const store = bridged.store(new MemoryStore());
    await app.register(fastifyCookie);
    await app.register(fastifySession, { ...settings, store });
    app.addHook('onRequest', async () => {
      await new Promise((resolve) => setImmediate(resolve));
    });
    await app.register(bridged.plugin);
    app.post('/login', async (request) => {
      await authOf(request).signIn({ user: 'alice', verify: () => true });
      request.session.userId = 'alice';
    });
    const told = ({ refusal, session }: ReturnType<typeof authOf>) => ({ user: session?.user ?? null, refusal });
    app.get('/who', (request) => told(authOf(request)));
    // A request that the app makes itself, in the context of another request.
    app.get('/nested', async () => (await app.inject('/who')).json() as unknown);

    const origin = { 'sec-fetch-site': 'same-origin' };
    const { cookies } = await app.inject({ method: 'POST', url: '/login', headers: origin });
    const sessionId = cookies.find(({ name }) => name === 'sessionId')?.value ?? '';
    const ask = async (url: string): Promise<unknown> => (await app.inject({ url, cookies: { sessionId } })).json();
    expect(await ask('/who')).toEqual({ user: 'alice', refusal: null });
    expect(await ask('/nested')).toEqual({ user: null, refusal: null });
    await sessions.revoke({ user: 'alice' });
    expect(await ask('/nested')).toEqual({ user: null, refusal: null });
    // Signs in again: the nested request has already refused the first session.
    const again = await app.inject({ method: 'POST', url: '/login', headers: origin });
    const next = again.cookies.find(({ name }) => name === 'sessionId')?.value ?? '';
    await sessions.revoke({ user: 'alice' });
    const refused = await app.inject({ url: '/who', cookies: { sessionId: next } });
    expect(refused.json()).toMatchObject({ user: null, refusal: { reason: 'revoked' } });
  });

  test('takes away the user that a hook has put into a session past the sign-in', async () => {
    const sessions = createSessions({ store: memoryStore() });
    const app = fastify();
    onTestFinished(async () => {
      await app.close();
      await sessions.close();
    });
    const bridged = bridge(sessions, { user: ({ userId }) => userId });
    await app.register(fastifyCookie);
    await app.register(fastifySession, { ...settings, store: bridged.store(new MemoryStore()) });
    app.addHook('onRequest', async ({ session }) => void Object.assign(session, { userId: 'alice', cart: ['tea'] }));
    await app.register(bridged.plugin);
    app.get('/who', async (request) => {
      const { userId = null, cart = [], cookie } = request.session;
      return { user: authOf(request).session?.user ?? null, userId, cart, hasCookie: cookie !== undefined };
    });
    const { json } = await app.inject('/who');
    expect(json()).toEqual({ user: null, userId: null, cart: [], hasCookie: true });
  });

  test('needs @fastify/session, and that with the bridged store', async () => {
    const without = fastify();
    onTestFinished(() => without.close());
    await expect(without.register(newBridge().plugin).ready()).rejects.toThrow(/@fastify\/session/);

    const app = fastify();
    onTestFinished(() => app.close());
    await app.register(fastifyCookie);
    await app.register(fastifySession, settings);
    await app.register(newBridge().plugin);
    app.get('/', () => 'nothing');
    const { statusCode, json } = await app.inject('/');
    expect(statusCode).toBe(500);
    expect(json()).toMatchObject({ message: expect.stringContaining('bridged.store(inner)') });
  });

  test('outside the path of the inner layer’s cookie, no user is signed in, and a sign-in fails with the reason', async () => {
    const site = await open(fastifyLayer, { settings: { cookie: { secure: false, path: '/app' } } });
    const browser = site.browser();
    expect((await browser.get('/who')).json).toMatchObject({ user: null });
    expect((await browser.post('/login')).json).toMatchObject({ message: expect.stringContaining('cookie.path') });
    expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });

  test('a sign-in is possible in a request that destroyed the session', async () => {
    const site = await open(fastifyLayer, {
      pages: [
        {
          method: 'post',
          path: '/afresh',
          run: async (visit) => {
            await visit.destroy();
            await visit.auth.signIn({ user: 'bob', verify: () => true });
            Object.assign(visit.data ?? {}, { userId: 'bob' });
          },
        },
      ],
    });
    const browser = site.browser();
    await browser.login('alice');
    await browser.post('/cart?item=tea');
    expect((await browser.post('/afresh')).status).toBe(200);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'bob', inner: 'bob', cart: null });
    expect((await site.sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });
});

test('how long the app lets a session last stays with it', async () => {
  const site = await open(fastifyLayer, { settings: { cookie: { secure: false, maxAge: 3600e3, sameSite: 'lax' } } });
  const browser = site.browser();
  const { setCookies } = await browser.post('/login');
  expect(setCookies).toEqual([
    expect.stringMatching(/^sessionId=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/),
  ]);
});

test('what the app gave one session’s cookie stays with it', async () => {
  const strictly: Page = {
    method: 'post',
    path: '/strictly',
    run: async ({ auth, data }) => {
      const { cookie } = data as FastifySessionObject;
      Object.assign(cookie, { sameSite: 'strict', maxAge: 3600e3 });
      return (await auth.renew()).ok;
    },
  };
  const site = await open(fastifyLayer, { pages: [strictly] });
  const browser = site.browser();
  await browser.login('alice');
  for (const page of ['/strictly', '/sessions/sign-out-others', '/renew']) {
    const { setCookies } = await browser.post(page);
    expect(setCookies, page).toEqual([expect.stringMatching(/; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/)]);
  }
});

test.each(['body', 'session', 'query'])('request.%s is no property for the bridge', async (property) => {
  const error = await open(fastifyLayer, { bridge: { property } }).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(TypeError);
  expect(String(error)).toContain(`request.${property} already exists`);
});

test('options that make no sense are said at once', () => {
  const sessions = createSessions({ store: memoryStore() });
  onTestFinished(() => sessions.close());
  const user = (): null => null;
  const wrong: unknown[] = [undefined, {}, { user: 'userId' }, { user, account: 'acme' }, { user, users: user }];
  for (const options of wrong) {
    expect(() => Reflect.apply(bridge, null, [sessions, options]), JSON.stringify(options)).toThrow(TypeError);
  }
  expect(() => Reflect.apply(bridge, null, [{}, { user }])).toThrow(TypeError);
  expect(() => Reflect.apply(bridge(sessions, { user }).store, null, [{}])).toThrow(TypeError);
});
