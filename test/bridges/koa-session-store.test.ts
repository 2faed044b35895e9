import Koa from 'koa';
import koaSession from 'koa-session';
import { createSessions } from 'session-revocation';
import { authOf } from 'session-revocation/koa';
import { bridge, type KoaSessionBridge } from 'session-revocation/koa-session';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Browser, CHROME_ON_MAC } from '../frameworks/http/browser.ts';
import { listen } from '../frameworks/http/framework.ts';
import { dataOf } from './support/data-of.ts';
import { type Data, type Inner, open, type Page } from './support/koa-fastify-site.ts';
import { koaLayer, MapStore } from './support/koa-layer.ts';

function newBridge(): KoaSessionBridge {
  const sessions = createSessions({ store: memoryStore() });
  onTestFinished(() => sessions.close());
  return bridge(sessions, { user: ({ userId }: Data) => userId });
}

const page = (path: string, run: Page['run']): Page => ({ method: 'post', path, run });

/** Returns an inner store that fails at the steps in `failing`. */
function breakable(): { inner: Promise<Inner>; failing: Set<string>; failure: Error } {
  const [failing, failure] = [new Set<string>(), Object.assign(new Error('inner'), { code: 'EINNER' })];
  class Breakable extends MapStore {
    override async get(key: string): Promise<Data | null> {
      if (failing.has('get')) throw failure;
      return super.get(key);
    }
    override async set(key: string, data: object): Promise<void> {
      if (failing.has('set')) throw failure;
      const isMark = Object.keys(data).every((name) => name === 'sessionRevocation');
      if (failing.has('mark') && isMark) throw failure;
      return super.set(key, data);
    }
    override async destroy(key: string): Promise<void> {
      if (failing.has('destroy')) throw failure;
      return super.destroy(key);
    }
  }
  const inner = koaLayer.inners[0].open!().then((memory) => ({ ...memory, store: new Breakable() }));
  return { inner, failing, failure };
}

describe('a bridged store', () => {
  test('does what the inner one does, and hands on what it is told', async () => {
    const calls: unknown[] = [];
    class Telling extends MapStore {
      override async get(...told: Parameters<MapStore['get']>): Promise<Data | null> {
        calls.push(['get', ...told]);
        return super.get(...told);
      }
      override async set(...told: Parameters<MapStore['set']>): Promise<void> {
        calls.push(['set', ...told]);
        return super.set(...told);
      }
    }
    const store: {
      get(key: string, ...more: unknown[]): Promise<unknown>;
      set(key: string, data: object, ...more: unknown[]): Promise<unknown>;
      destroy(key: string, ...more: unknown[]): Promise<unknown>;
    } = newBridge().store(new Telling());
    const ctx = {};
    await store.set('a', { cart: ['tea'] }, 1000, { rolling: false, changed: true, ctx });
    expect(await store.get('a', 1000, { rolling: false, ctx })).toEqual({ cart: ['tea'] });
    expect(calls).toEqual([
      ['get', 'a', 'session', { rolling: false, changed: true, ctx }],
      ['set', 'a', { cart: ['tea'] }, 1000, { rolling: false, changed: true, ctx }],
      ['get', 'a', 1000, { rolling: false, ctx }],
    ]);
    // An app's own code calls the store without a context.
    expect(await store.get('x')).toBeNull();
    await store.destroy('x');
    await store.destroy('a');
    expect(await store.get('a')).toBeNull();
  });

  test('has exactly the members of the inner store', () => {
    const inner = new MapStore();
    const store = newBridge().store(inner);
    expect(store.records).toBe(inner.records);
    expect(store).toBeInstanceOf(MapStore);
    for (const name of ['touch', 'adopt', 'read']) expect(Reflect.get(store, name), name).toBeUndefined();
  });

  test('destroyed by an app’s own code ends our session', async () => {
    const { browser: newBrowser, inner, sessions } = await open(koaLayer);
    const browser = newBrowser();
    const sid = await browser.login('alice');
    const admin = bridge(sessions, { user: ({ userId }: Data) => userId }).store(inner.store as MapStore);
    await admin.destroy(sid);
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });
});

describe('the errors of the inner store', () => {
  test('are passed on unchanged, and sign no user out', async () => {
    const { inner, failing, failure } = breakable();
    const site = await open(koaLayer, { inner: await inner });
    const browser = site.browser();
    const sid = await browser.login('alice');
    for (const verb of ['get', 'set']) {
      failing.add(verb);
      expect(await browser.post('/cart?item=tea')).toMatchObject({ status: 500, setCookies: [] });
      failing.clear();
    }
    expect(site.errors).toEqual([failure, failure]);
    expect(browser.sid).toBe(sid);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  });

  test('in the middle of a renewal leave the session that is there, under its new token', async () => {
    const { inner, failing } = breakable();
    const site = await open(koaLayer, { inner: await inner });
    const browser = site.browser();
    const sid = await browser.login('alice');
    failing.add('mark');
    expect((await browser.post('/renew')).status).toBe(500);
    failing.clear();
    expect(browser.sid).toBe(sid);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  });

  test('while another user signs in leave the session that is there to whom it was', async () => {
    const { inner, failing } = breakable();
    const site = await open(koaLayer, { inner: await inner });
    const browser = site.browser();
    await browser.login('alice');
    failing.add('mark');
    expect((await browser.post('/login?user=bob')).status).toBe(500);
    failing.clear();
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice' });
    expect((await site.sessions.list({ user: 'bob' })).sessions).toEqual([]);
  });

  test.each(['', '?user=alice'])(
    'during a sign-in leave the visitor or user "%s" signed in as before',
    async (before) => {
      const { inner, failing } = breakable();
      const site = await open(koaLayer, { inner: await inner });
      const browser = site.browser();
      await browser.post('/cart?item=tea');
      if (before !== '') await browser.login('alice');
      const { sid } = browser;
      const user = before === '' ? null : 'alice';
      failing.add('mark');
      expect((await browser.post('/login?user=alice')).status).toBe(500);
      failing.clear();
      expect(browser.sid).toBe(sid);
      expect((await browser.get('/who')).json).toMatchObject({ user, inner: user, cart: ['tea'] });
      expect((await site.sessions.list({ user: 'alice' })).sessions).toHaveLength(user === null ? 0 : 1);
    },
  );

  test('keep a renewal from being begun that could not be saved', async () => {
    const { inner, failing } = breakable();
    const site = await open(koaLayer, { inner: await inner });
    const browser = site.browser();
    const sid = await browser.login('alice');
    failing.add('set');
    expect((await browser.post('/renew')).status).toBe(500);
    failing.clear();
    expect(site.store.count('renew')).toBe(0);
    expect(browser.sid).toBe(sid);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  });

  test('while an ended session is removed sign no user out', async () => {
    const { inner, failing } = breakable();
    const site = await open(koaLayer, { inner: await inner });
    const browser = site.browser();
    await browser.login('alice');
    await site.sessions.revoke({ user: 'alice' });
    failing.add('mark');
    for (let time = 0; time < 2; time++)
      expect((await browser.get('/who')).json).toMatchObject({ user: null, refusal: { reason: 'revoked' } });
    expect(site.errors).toEqual([]);
  });
});

describe('other data in the place of all', () => {
  test('of the same user keep the session; of no user sign out; of another are an error', async () => {
    const { browser: newBrowser, sessions } = await open(koaLayer, {
      pages: [
        page('/login-anew', async (visit) => {
          await visit.auth.signIn({ user: 'alice', verify: () => true });
          Reflect.set(visit, 'data', { userId: 'alice', cart: ['milk'] });
        }),
        page('/no-user', (visit) => {
          Reflect.set(visit, 'data', { cart: ['bread'] });
        }),
        page('/bob', (visit) => {
          Reflect.set(visit, 'data', { userId: 'bob' });
        }),
      ],
    });
    const browser = newBrowser();
    expect((await browser.post('/login-anew')).status).toBe(200);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice', cart: ['milk'] });
    expect((await browser.post('/bob')).status).toBe(500);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice' });
    expect((await browser.post('/no-user')).status).toBe(200);
    expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null, cart: ['bread'] });
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });
});

describe('koa-session’s own settings', () => {
  test('maxAge: session stays so, through a sign-in and a renewal', async () => {
    const { browser: newBrowser, inner } = await open(koaLayer, { settings: { maxAge: 'session' } });
    const browser = newBrowser();
    for (const path of ['/login', '/renew', '/cart?item=tea']) {
      const { setCookies } = await browser.post(path);
      expect(setCookies.some((line) => /expires=/i.test(line))).toBe(false);
      expect(await inner.read(browser.sid)).toMatchObject({ _session: true });
      expect(dataOf(await inner.read(browser.sid))).not.toHaveProperty('_expire');
    }
  });

  test('a session that koa-session takes for expired has no user', async () => {
    const { browser: newBrowser, inner } = await open(koaLayer);
    const browser = newBrowser();
    const sid = await browser.login('alice');
    await inner.write(sid, { ...(await inner.read(sid)), _expire: Date.now() - 1000 });
    expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null });
    expect((await browser.get('/me')).status).toBe(401);
  });

  test('autoCommit: false: a sign-in and a sign-out are saved at once', async () => {
    const { browser: newBrowser, inner } = await open(koaLayer, {
      settings: { autoCommit: false },
      pages: [
        page('/log-me-in', async (visit) => {
          await visit.auth.signIn({ user: 'alice', verify: () => true });
          Object.assign(visit.data ?? {}, { userId: 'alice' });
          await visit.save();
        }),
      ],
    });
    const browser = newBrowser();
    await browser.post('/log-me-in');
    const { sid, session } = browser;
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
    await browser.post('/sign-out');
    expect(dataOf(await inner.read(sid))).toEqual({});
    expect((await browser.get('/me', { cookie: session })).status).toBe(401);
  });

  test('externalKey: any carrier of the key', async () => {
    const externalKey = {
      get: (ctx: Koa.Context) => ctx.get('x-session'),
      set: (ctx: Koa.Context, key: string) => ctx.set('x-session', key),
    };
    const { browser: newBrowser, sessions } = await open(koaLayer, { settings: { externalKey } });
    const browser = newBrowser();
    const { headers } = await browser.post('/login?user=alice');
    const key = String(headers['x-session']);
    expect((await browser.get('/me', { 'x-session': key })).json).toMatchObject({ user: 'alice' });
    await sessions.revoke({ user: 'alice' });
    expect((await browser.get('/me', { 'x-session': key })).status).toBe(401);
  });

  test('ContextStore: a store for each request', async () => {
    const sessions = createSessions({ store: memoryStore() });
    const bridged = bridge(sessions, { user: ({ userId }: Data) => userId });
    const inner = new MapStore();
    class ContextStore {
      readonly #store = bridged.store(inner);
      get(...told: Parameters<MapStore['get']>): Promise<Data | null> {
        return this.#store.get(...told);
      }
      set(...told: Parameters<MapStore['set']>): Promise<void> {
        return this.#store.set(...told);
      }
      destroy(...told: Parameters<MapStore['destroy']>): Promise<void> {
        return this.#store.destroy(...told);
      }
    }
    const koa = new Koa();
    koa.keys = ['a test'];
    koa.use(koaSession({ ContextStore }, koa)).use(bridged.middleware());
    koa.use(async (ctx) => {
      if (ctx.method === 'POST') {
        await authOf(ctx).signIn({ user: 'alice', verify: () => true });
        Object.assign(Reflect.get(ctx, 'session') as Data, { userId: 'alice' });
      }
      ctx.body = { user: authOf(ctx).session?.user ?? null };
    });
    const { url, close } = await listen(koa.callback());
    onTestFinished(async () => {
      await close();
      await sessions.close();
    });
    const browser = new Browser(url, CHROME_ON_MAC);
    await browser.post('/');
    expect((await browser.get('/')).json).toEqual({ user: 'alice' });
    await sessions.revoke({ user: 'alice' });
    expect((await browser.get('/')).json).toEqual({ user: null });
    for (const record of inner.records.values()) expect(dataOf(JSON.parse(record))).toEqual({});
  });
});

test('the middleware needs koa-session, and that with the bridged store', async () => {
  const messages: string[] = [];
  const ask = async (koa: Koa): Promise<void> => {
    koa.keys = ['a test'];
    koa.on('error', ({ message }: Error) => messages.push(message));
    const { url, close } = await listen(koa.use(newBridge().middleware()).callback());
    onTestFinished(close);
    expect((await new Browser(url, CHROME_ON_MAC).get('/')).status).toBe(500);
  };
  await ask(new Koa());
  const other = new Koa();
  await ask(other.use(koaSession({ store: new MapStore() }, other)));
  const cookies = new Koa();
  await ask(cookies.use(koaSession({}, cookies)));
  expect(messages).toEqual([
    expect.stringContaining('must run before'),
    expect.stringContaining('bridged.store(inner)'),
    expect.stringContaining('bridged.store(inner)'),
  ]);
});

test.each(['body', 'session', 'query'])('ctx.%s is no property for the bridge', async (property) => {
  const { browser, errors } = await open(koaLayer, { bridge: { property } });
  expect((await browser().get('/inner')).status).toBe(500);
  expect(String(errors[0])).toContain(`ctx.${property} already exists`);
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
