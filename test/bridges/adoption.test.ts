import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Bridge } from '../../adapters/bridges/shared/bridge.ts';
import { STAMP } from '../../adapters/bridges/shared/stamp.ts';
import { includes } from '../ci-only.ts';
import type { Answer, Browser } from '../frameworks/http/browser.ts';
import { FIREFOX_ON_WINDOWS } from '../frameworks/http/browser.ts';
import { expectProblem, rowsOf } from '../frameworks/http/expectations.ts';
import { DAY, TestClock } from '../frameworks/http/site.ts';
import { layers as all, type Before } from './support/adoption-layers.ts';
import { memory } from './support/inner-stores.ts';
import { open } from './support/site.ts';

const isWhole = includes('bridges: adoption from an inner store on Redis');
const layers = all.filter(({ name }) => isWhole || !/redis/i.test(name));

/** Starts an app without the bridge, and deploys the same app with it. `deploy` deploys another process. */
async function deployed(
  layer: (typeof layers)[number],
  options: { readonly adopts?: boolean; readonly everywhere?: boolean } = {},
) {
  const clock = new TestClock();
  const before: Before = await layer.begin();
  onTestFinished(before.close);
  const adoptUntil = options.adopts === false ? undefined : new Date(clock.now() + 6 * DAY);
  const store = memoryStore();
  const deploy = () => before.deploy({ store, clock, adoptUntil, everywhere: options.everywhere ?? false });
  return { ...before, clock, deploy, ...(await deploy()) };
}

/** Like `deployed`, with the browser of a user who signed in before the bridge. */
async function signedIn(
  layer: (typeof layers)[number],
  options: { readonly adopts?: boolean; readonly everywhere?: boolean } = {},
) {
  const site = await deployed(layer, options);
  const visitor = await site.old();
  await visitor.post('/inner-login?user=alice');
  await visitor.post('/cart?item=tea');
  const cookie = visitor.cookie(layer.cookie) ?? '';
  const sid = layer.sidOf(cookie);
  const record = await site.read(sid);
  expect(record).toMatchObject({ userId: 'alice', cart: ['tea'] });
  expect(record).not.toHaveProperty(STAMP);
  const as = { cookie: visitor.session };
  const browser = site.browser(FIREFOX_ON_WINDOWS);
  return { ...site, sid, cookie, record: record as object, as, browser, newBrowser: site.browser };
}

const isRefused = async (browser: Browser, as: { cookie: string }): Promise<void> => {
  // Asks twice: the first refusal must not make the second request pass.
  for (let times = 0; times < 2; times++) {
    expectProblem(await browser.get('/me', as), 401, 'session-required');
    expect((await browser.get('/inner', as)).json).toMatchObject({ user: null });
  }
};

describe.each(layers)('a session of $name from before the bridge', (layer) => {
  test('goes on, is listed after its next request, and bears a stamp from then on', async () => {
    const { browser, as, read, sid, cookie } = await signedIn(layer);
    const first = await browser.get('/me', as);
    expect(first.json).toMatchObject({ user: 'alice' });
    expect([null, cookie]).toContain(browser.cookie(layer.cookie));
    expect(rowsOf(await browser.get('/sessions', as))).toMatchObject([
      { current: true, device: { label: 'Firefox on Windows' } },
    ]);
    const record = await read(sid);
    expect(record).toMatchObject({ userId: 'alice', cart: ['tea'], [STAMP]: expect.stringMatching(/^sr1\./) });
    expect((await browser.get('/who', as)).json).toMatchObject({ user: 'alice', id: first.json?.id, cart: ['tea'] });
  });

  test('is one session, however many requests bring it at once, to however many processes', async () => {
    const { browser, as, sessions, deploy } = await signedIn(layer);
    const other = await deploy();
    const asks = [browser, other.browser()].flatMap((each) => Array.from({ length: 8 }, () => each.get('/me', as)));
    const ids = new Set((await Promise.all(asks)).map(({ json }: Answer) => json?.id));
    expect(ids.size).toBe(1);
    expect((await sessions.list({ user: 'alice' })).sessions.map(({ id }) => id)).toEqual([...ids]);
  });

  test('that was ended does not come back when an old process saves it', async () => {
    const { browser, as, sessions, write, sid, record, clock } = await signedIn(layer);
    const { json } = await browser.get('/me', as);
    await sessions.end(String(json?.id), { user: 'alice' });
    await isRefused(browser, as);
    await write(sid, record);
    await isRefused(browser, as);
    clock.advance(5 * DAY);
    await sessions.prune();
    await write(sid, record);
    await isRefused(browser, as);
  });

  test('that a revocation came before is never seen', async () => {
    const { browser, as, sessions, write, sid, record } = await signedIn(layer);
    await sessions.revoke({ user: 'alice' });
    await isRefused(browser, as);
    await write(sid, record);
    await isRefused(browser, as);
    expect((await sessions.list({ user: 'alice' }, { ended: true })).sessions).toEqual([]);
  });

  test.each(['/sign-out', '/sign-out-everywhere', '/destroy', '/drop-user'])(
    'that ends with its first request, by %s, does not come back',
    async (path) => {
      const { browser, as, sessions, write, sid, record } = await signedIn(layer);
      expect((await browser.post(path, as)).status).toBe(200);
      expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
      await write(sid, record);
      await isRefused(browser, as);
    },
  );

  test('that is renewed goes on under its new id alone', async () => {
    const { browser, as, write, sid, record } = await signedIn(layer);
    expect((await browser.post('/renew', as)).status).toBe(200);
    expect(browser.sid).not.toBe(sid);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice', cart: ['tea'] });
    await write(sid, record);
    await isRefused(browser, as);
  });

  test('is not adopted by an outage, nor signed out by it', async () => {
    const { browser, as, gate, newBrowser } = await signedIn(layer);
    gate.state = 'throws';
    expect((await browser.get('/me', as)).status).toBe(503);
    gate.state = 'answers';
    expect((await newBrowser().get('/me', as)).json).toMatchObject({ user: 'alice' });
  });

  test('is adopted until the day, and goes on after it', async () => {
    const { browser, as, sessions, clock } = await signedIn(layer);
    const late = await signedIn(layer);
    await browser.get('/me', as);
    for (const each of [clock, late.clock]) each.advance(6 * DAY);
    expect((await browser.get('/me', as)).json).toMatchObject({ user: 'alice' });
    expect((await sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    await isRefused(late.browser, late.as);
  });

  test('that the inner layer takes for expired is not adopted, and signs no user out', async () => {
    const { browser, as, sessions, write, read, sid, record, newBrowser } = await signedIn(layer, { everywhere: true });
    const there = newBrowser();
    await there.login('alice');
    const past = Date.now() - 60 * DAY;
    const cookie = { ...(record as { cookie?: object }).cookie, expires: new Date(past), originalMaxAge: 1000 };
    await write(sid, '_maxAge' in record ? { ...record, _expire: past } : { ...record, cookie });
    if ((await read(sid)) !== null) await isRefused(browser, as);
    expect((await there.get('/me')).json).toMatchObject({ user: 'alice' });
    expect((await sessions.list({ user: 'alice' }, { ended: true })).sessions).toHaveLength(1);
  });

  test('has no user without adoption', async () => {
    const { browser, as, sessions } = await signedIn(layer, { adopts: false });
    await isRefused(browser, as);
    expect((await sessions.list({ user: 'alice' }, { ended: true })).sessions).toEqual([]);
  });
});

describe.each(layers)('a sign-in past the bridge of $name, while it adopts', (layer) => {
  test.each(['/inner-login?user=bob', '/become?user=bob'])('by %s is not a session from before', async (path) => {
    const { browser: newBrowser, sessions, read } = await deployed(layer);
    const browser = newBrowser();
    await browser.post(path);
    expect(await read(browser.sid)).toMatchObject({ userId: 'bob', [STAMP]: '' });
    expectProblem(await browser.get('/me'), 401, 'session-required');
    expect((await sessions.list({ user: 'bob' }, { ended: true })).sessions).toEqual([]);
  });
});

test('a session from before that was destroyed before a request brought it is begun by no process', async () => {
  const store = memoryStore();
  const adoptUntil = new Date(Date.now() + DAY);
  const begin = () =>
    new Bridge(createSessions({ store }), { user: ({ userId }: { userId: string }) => userId, adoptUntil });
  const [one, other] = [begin(), begin()];
  const data = { userId: 'alice' };
  await one.end('their sid', data);
  expect(await other.admit('their sid', data, undefined)).toMatchObject({ is: 'refused' });
  expect(await other.admit('another sid', data, undefined)).toMatchObject({ is: 'session' });
});

test('the device of a request is not taken for that of a session which the app looks at meanwhile', async () => {
  const { store: inner, close } = await memory();
  onTestFinished(close);
  const visitor = (await open({ inner, plain: true })).browser();
  await visitor.post('/inner-login?user=alice');
  const clock = new TestClock();
  const site = await open({
    inner,
    clock,
    bridge: { adoptUntil: new Date(clock.now() + DAY) },
    pages: (app) =>
      app.get('/peek', ({ sessionStore, query }, response) => {
        sessionStore.get(String(query.sid), (_, data) => response.json({ user: data?.userId }));
      }),
  });
  const looking = site.browser(FIREFOX_ON_WINDOWS);
  expect((await looking.get(`/peek?sid=${visitor.sid}`)).json).toEqual({ user: 'alice' });
  const { sessions } = await site.sessions.list({ user: 'alice' });
  expect(sessions.map(({ device }) => [device.browser, device.ip])).toEqual([[null, null]]);
});
