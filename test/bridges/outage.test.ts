import { MemoryStore } from 'express-session';
import { describe, expect, test } from 'vitest';
import { NAVIGATION } from '../frameworks/http/browser.ts';
import { recordOf } from './support/callback-calls.ts';
import { dataOf } from './support/data-of.ts';
import { leavesCookie, open } from './support/site.ts';

const DOWN = { sessions: { timeout: 40 }, bridge: { loginUrl: '/login' } };

describe.each(['throws', 'hangs', 'garbles'] as const)('our store is down: it %s', (state) => {
  test('signed-in users get 503, keep cookie, data and session, and continue afterwards', async () => {
    const { browser: newBrowser, store, inner } = await open(DOWN);
    const browser = newBrowser();
    const sid = await browser.login('alice');
    await browser.post('/cart?item=tea');
    const before = browser.session;

    store.state = state;
    for (const answer of [
      await browser.get('/me'),
      await browser.get('/me', NAVIGATION),
      await browser.get('/who'),
      await browser.get('/inner'),
      await browser.get('/sessions'),
      await browser.post('/sessions/sign-out-everywhere'),
      await browser.post('/destroy'),
    ]) {
      expect(answer).toMatchObject({ status: 503, json: { code: 'SESSION_STORE_UNAVAILABLE' }, setCookies: [] });
    }
    expect(await recordOf(inner, sid)).toMatchObject({ userId: 'alice', cart: ['tea'] });

    store.state = 'answers';
    expect(browser.session).toBe(before);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', cart: ['tea'] });
  });

  test('a visitor who is not signed in notices nothing, and cannot sign in', async () => {
    const { browser: newBrowser, store } = await open(DOWN);
    const browser = newBrowser();
    await browser.post('/cart?item=tea');
    const before = browser.session;
    store.state = state;
    expect((await browser.get('/who')).json).toMatchObject({ user: null, cart: ['tea'] });
    expect((await browser.post('/login')).status).toBe(503);
    expect(browser.session).toBe(before);
    expect((await browser.get('/who')).json).toMatchObject({ user: null, cart: ['tea'] });

    store.state = 'answers';
    await browser.login('alice');
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', cart: ['tea'] });
  });

  test.each(['/destroy', '/sign-out', '/sign-out-everywhere', '/sign-out-others', '/renew', '/password-changed'])(
    '%s that cannot be written is an error, and signs no user out',
    async (page) => {
      const { browser: newBrowser, store, sessions } = await open(DOWN);
      const browser = newBrowser();
      await browser.login('alice');
      store.only = ['end', 'advance', 'renew'];
      store.state = state;
      const answer = await browser.post(page);
      expect(answer).toMatchObject({ status: 503, json: { code: 'SESSION_STORE_UNAVAILABLE' } });
      expect(leavesCookie(answer)).toBe(true);
      store.state = 'answers';
      expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
      expect((await sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    },
  );
});

describe('the inner store is down', () => {
  const failure = new Error('the inner store is down');

  /** A store that fails at the verbs in `broken`. */
  class Breakable extends MemoryStore {
    readonly broken = new Set<'get' | 'set' | 'destroy'>();

    override get = (...args: Parameters<MemoryStore['get']>): void => {
      if (this.broken.has('get')) args[1](failure);
      else super.get(...args);
    };
    override set = (...args: Parameters<MemoryStore['set']>): void => {
      if (this.broken.has('set')) args[2]?.(failure);
      else super.set(...args);
    };
    override destroy = (...args: Parameters<MemoryStore['destroy']>): void => {
      if (this.broken.has('destroy')) args[1]?.(failure);
      else super.destroy(...args);
    };
  }

  test('that is the error as it is, no sign-out, and works again afterwards', async () => {
    const inner = new Breakable();
    const { browser: newBrowser, sessions, errors } = await open({ inner });
    const browser = newBrowser();
    await browser.login('alice');
    const before = browser.session;
    inner.broken.add('get');
    expect(await browser.get('/who')).toMatchObject({
      status: 500,
      json: { message: failure.message },
      setCookies: [],
    });
    expect(await browser.post('/destroy')).toMatchObject({ status: 500, setCookies: [] });
    expect(errors).toEqual([failure, failure]);
    expect((await sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    inner.broken.clear();
    expect(browser.session).toBe(before);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  });

  test('a session that is over stays refused where its record cannot be cleared away', async () => {
    const inner = new Breakable();
    const { browser: newBrowser, sessions } = await open({ inner });
    const browser = newBrowser();
    const sid = await browser.login('alice');
    await sessions.revoke({ user: 'alice' });
    inner.broken.add('set');
    for (let time = 0; time < 2; time++) {
      expect((await browser.get('/who')).json).toMatchObject({ user: null, refusal: { reason: 'revoked' } });
    }
    inner.broken.clear();
    expect((await browser.get('/who')).json).toMatchObject({ user: null });
    expect(dataOf(await recordOf(inner, sid))).toEqual({});
  });

  test('a sign-out ends our session though the inner record cannot be written', async () => {
    const inner = new Breakable();
    const { browser: newBrowser, sessions } = await open({ inner });
    const browser = newBrowser();
    await browser.login('alice');
    const before = browser.session;
    inner.broken.add('set');
    expect((await browser.post('/sessions/sign-out')).status).toBe(500);
    inner.broken.clear();
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
    expect((await browser.get('/me', { cookie: before })).status).toBe(401);
  });

  test('a sign-in that cannot be given to the client fails, and leaves no session in the list', async () => {
    const inner = new Breakable();
    const { browser: newBrowser, sessions } = await open({ inner });
    const browser = newBrowser();
    await browser.post('/cart?item=tea');
    inner.broken.add('set');
    expect((await browser.post('/login')).status).toBe(500);
    inner.broken.clear();
    expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null });
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });

  test('a sign-in that cannot be saved is an error for the app, and starts no session', async () => {
    const inner = new Breakable();
    const { browser: newBrowser, errors } = await open({ inner });
    const browser = newBrowser();
    inner.broken.add('set');
    await browser.post('/login');
    inner.broken.clear();
    expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null });
    expect(errors).toContain(failure);
  });
});
