import { type SessionData, Store } from 'express-session';
import { createSessions } from 'session-revocation';
import { bridge } from 'session-revocation/express-session';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { recordOf } from './support/callback-calls.ts';
import { leavesCookie, open, type Site, type SiteBrowser } from './support/site.ts';

/** express-session sets its cookie again in each answer. */
const ROLLING = { rolling: true, cookie: { maxAge: 3600e3 } };

/** Opens a site with a page that sends its headers once the test releases it, and before its body ends. */
async function streaming(): Promise<Site & { readonly begun: Promise<void>; release(): void }> {
  let [begin, release] = [() => {}, () => {}];
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const site = await open({
    settings: ROLLING,
    pages: (app) =>
      app.get('/stream', async (_request, response) => {
        begin();
        await released;
        response.write('begun');
        response.end();
      }),
  });
  return { ...site, begun, release };
}

describe('an answer that begins after its client got another id leaves the cookie as it is', () => {
  const CHANGES: readonly (readonly [name: string, change: (mac: SiteBrowser) => Promise<unknown>])[] = [
    ['a sign-in', (mac) => mac.login('alice')],
    ['a sign-in of another user', (mac) => mac.login('bob')],
    ['a new secret', (mac) => mac.post('/sessions/sign-out-others')],
    ['a sign-out', (mac) => mac.post('/sessions/sign-out')],
  ];

  test.each(CHANGES)('by %s', async (_, change) => {
    const { browser, begun, release } = await streaming();
    const mac = browser();
    await mac.login('alice');
    const slow = mac.get('/stream', { cookie: mac.session });
    await begun;
    await change(mac);
    const cookie = mac.session;
    release();
    expect(leavesCookie(await slow)).toBe(true);
    expect(mac.session).toBe(cookie);
  });

  test('otherwise it sets the cookie again', async () => {
    const { browser, release } = await streaming();
    const mac = browser();
    await mac.login('alice');
    release();
    expect(leavesCookie(await mac.get('/stream'))).toBe(false);
  });
});

test('an answer that the app ends twice is what it ended first', async () => {
  const { browser } = await open({
    settings: ROLLING,
    pages: (app) =>
      app.get('/twice', (_request, response) => {
        response.end('first');
        response.end('second');
      }),
  });
  const mac = browser();
  await mac.login('alice');
  expect((await mac.get('/twice')).text).toBe('first');
});

test('a session that changes after the headers are sent is saved under its id', async () => {
  const { browser } = await open({
    pages: (app) =>
      app.get('/late', (request, response) => {
        response.writeHead(200);
        request.session.cart = ['late'];
        response.end(request.sessionID);
      }),
  });
  const mac = browser();
  const sid = await mac.login('alice');
  expect((await mac.get('/late')).text).toBe(sid);
  expect((await mac.get('/who')).json).toMatchObject({ inner: 'alice', cart: ['late'] });
});

test('an id that its client has sent, and uses no longer, keeps a record without data', async () => {
  const { browser, inner } = await open();
  const mac = browser();
  await mac.post('/cart?item=tea');
  const visitor = mac.sid;
  const alice = await mac.login('alice');
  const gone = { cookie: expect.anything(), sessionRevocation: '' };
  expect(await recordOf(inner, visitor)).toEqual(gone);
  await mac.login('bob');
  expect(await recordOf(inner, alice)).toEqual(gone);
});

test('a record that another request is about to replace is waited for 1,022 ms in all', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  class Inner extends Store {
    reads = 0;
    override get(_sid: string, callback: (error: unknown, data?: SessionData) => void): void {
      this.reads++;
      const record = { cookie: { originalMaxAge: null }, sessionRevocation: '', _sessionRevocationAwaited: true };
      callback(null, record as unknown as SessionData);
    }
    override set(): void {}
    override destroy(): void {}
  }
  const inner = new Inner();
  const sessions = createSessions({ store: memoryStore() });
  const store = bridge(sessions, { user: () => null }).store(inner);
  const answered = vi.fn();
  Reflect.set(store, 'generate', () => {});
  store.get('sid', answered);
  await vi.advanceTimersByTimeAsync(1_021);
  expect([answered.mock.calls.length, inner.reads]).toEqual([0, 9]);
  await vi.advanceTimersByTimeAsync(1);
  expect([answered.mock.calls.length, inner.reads]).toEqual([1, 10]);
});
