// Attempts to bypass the bridge, or to sign other users out through it.
import session from 'express-session';
import { authOf } from 'session-revocation/express';
import { describe, expect, test } from 'vitest';
import { recordOf } from './support/callback-calls.ts';
import { open, type SiteOptions } from './support/site.ts';

const inAccounts: SiteOptions = { bridge: { account: ({ account }) => account } };

describe('the account in the data', () => {
  const into: SiteOptions = {
    ...inAccounts,
    pages: (app) =>
      app.post('/switch', (request, response) => {
        request.session.account = 'beta';
        response.json({});
      }),
  };

  test('is that of the session: switched past the bridge, it is not saved', async () => {
    const { browser: newBrowser, inner } = await open(into);
    const browser = newBrowser();
    await browser.login('alice', '&account=acme');
    await browser.post('/switch');
    expect(await recordOf(inner, browser.sid)).toMatchObject({ userId: 'alice', account: 'acme' });
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice' });
  });

  test('is that of the session: data of another account are refused', async () => {
    const { browser: newBrowser, inner } = await open(inAccounts);
    const browser = newBrowser();
    await browser.login('alice', '&account=acme');
    const record = await recordOf(inner, browser.sid);
    for (const account of ['beta', undefined]) {
      await new Promise((resolve) => inner.set(browser.sid, { ...record, account } as session.SessionData, resolve));
      expect((await browser.get('/who')).json, account).toMatchObject({ user: null, inner: null });
    }
  });
});

test.each([[{ id: 1 }], [true], [Number.NaN]])('a user that is not an id (%j) is an error', async (user) => {
  const { browser: newBrowser } = await open({ bridge: { user: () => user as never } });
  const browser = newBrowser();
  await browser.post('/cart?item=tea');
  const answer = await browser.get('/who');
  expect(answer.status).toBe(500);
  expect(answer.json).toMatchObject({ message: expect.stringContaining('must return a string, a finite number') });
});

describe('a new secret, while other requests of the same browser are under way', () => {
  test.each(['/cart?item=tea', '/who', '/me'])('takes no cookie away from it: %s with the former id', async (path) => {
    const { browser: newBrowser } = await open({ settings: { saveUninitialized: true } });
    const browser = newBrowser();
    await browser.login('alice');
    const former = browser.session;
    await browser.post('/sign-out-others');
    const late =
      path === '/cart?item=tea'
        ? await browser.post(path, { cookie: former })
        : await browser.get(path, { cookie: former });
    expect(late.setCookies).toEqual([]);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice' });
  });
});

describe('an inner store that cannot write', () => {
  const failure = new Error('the inner store is down');

  class Breakable extends session.MemoryStore {
    /** Returns whether the nth write fails. */
    fails: (nth: number) => boolean = () => false;
    writes = 0;

    override set = (...[sid, data, callback]: Parameters<session.MemoryStore['set']>): void => {
      if (this.#fails()) callback?.(failure);
      else session.MemoryStore.prototype.set.call(this, sid, data, callback);
    };

    override destroy = (...[sid, callback]: Parameters<session.MemoryStore['destroy']>): void => {
      if (this.#fails()) callback?.(failure);
      else session.MemoryStore.prototype.destroy.call(this, sid, callback);
    };

    #fails(): boolean {
      return this.fails(++this.writes);
    }
  }

  test.each(['sign-out-others', 'renew', 'reauthenticate', 'password-changed'])(
    'signs no user out by a new secret: %s',
    async (page) => {
      const inner = new Breakable();
      const { browser: newBrowser, sessions } = await open({ inner });
      const browser = newBrowser();
      await browser.login('alice');
      inner.fails = () => true;
      const answer = await browser.post(`/${page}`);
      expect(answer.status).toBe(500);
      expect(answer.setCookies).toEqual([]);
      inner.fails = () => false;
      expect((await browser.get('/me')).status).toBe(200);
      expect((await sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    },
  );

  test('between the new secret and the new id keeps the session under the former id', async () => {
    const inner = new Breakable();
    const { browser: newBrowser } = await open({ inner });
    const browser = newBrowser();
    await browser.login('alice');
    inner.writes = 0;
    // The first write succeeds and shows that the store works. The second fails, after the secret was rotated.
    inner.fails = (nth) => nth === 2;
    const answer = await browser.post('/sign-out-others');
    expect([answer.status, answer.setCookies]).toEqual([500, []]);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice' });
  });
});

test('a cookie that was planted before a sign-in has no user', async () => {
  const { browser: newBrowser } = await open({
    pages: (app) =>
      app.post('/anonymous', async (request, response) => {
        response.json({ session: authOf(request).session });
      }),
  });
  const victim = newBrowser();
  await victim.post('/cart?item=tea');
  const planted = victim.session;
  await victim.login('alice');
  expect((await victim.get('/who')).json).toMatchObject({ user: 'alice', cart: ['tea'] });
  expect((await newBrowser().get('/who', { cookie: planted })).json).toMatchObject({ user: null, inner: null });
});
