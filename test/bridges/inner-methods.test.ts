import { describe, expect, test } from 'vitest';
import { expectProblem, rowsOf } from '../frameworks/http/expectations.ts';
import { called, recordOf } from './support/callback-calls.ts';
import { leavesCookie, open, type Site } from './support/site.ts';

const reasons = async ({ sessions }: Site, user = 'alice'): Promise<unknown> => {
  const { sessions: rows } = await sessions.list({ user }, { ended: true });
  return rows.map(({ end }) => (end?.reason === 'ended' ? end.ended.reason : (end?.reason ?? 'live')));
};

describe.each(['/destroy', '/drop-user', '/regenerate-empty'])('the inner layer’s own sign-out: %s', (page) => {
  test('is a sign-out', async () => {
    const site = await open();
    const [browser, other] = [site.browser(), site.browser()];
    await other.login('alice');
    await browser.login('alice');
    const cookie = browser.session;
    expect((await browser.post(page)).status).toBe(200);
    expect((await browser.get('/who', { cookie })).json).toMatchObject({ user: null, inner: null });
    expect(await reasons(site)).toEqual(expect.arrayContaining(['signed-out', 'live']));
    expect(rowsOf(await other.get('/sessions'))).toHaveLength(1);
    expect(site.errors).toEqual([]);
  });

  test('with the account’s policy', async () => {
    const site = await open({
      sessions: { policy: (account) => ({ signOut: account === 'acme' ? 'everywhere' : 'session' }) },
      bridge: { account: ({ account }) => account },
    });
    const [browser, other, elsewhere] = [site.browser(), site.browser(), site.browser()];
    await other.login('alice', '&account=acme');
    await elsewhere.login('alice', '&account=beta');
    await browser.login('alice', '&account=acme');
    expect((await browser.post(page)).status).toBe(200);
    expectProblem(await other.get('/me'), 401, 'session-required');
    expect((await elsewhere.get('/me')).status).toBe(200);
  });

  test('of a visitor, and of a session that is over, is nothing to us', async () => {
    const site = await open();
    const browser = site.browser();
    await browser.post('/cart?item=tea');
    expect((await browser.post(page)).status).toBe(200);
    await browser.login('alice');
    await site.sessions.revoke({ user: 'alice' });
    expect((await browser.post(page)).status).toBe(200);
    expect(site.errors).toEqual([]);
  });
});

test('the data of who drops the user stay, without the stamp', async () => {
  const { browser: newBrowser, inner } = await open();
  const browser = newBrowser();
  const sid = await browser.login('alice');
  await browser.post('/cart?item=tea');
  await browser.post('/drop-user');
  expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null, cart: ['tea'] });
  expect(await recordOf(inner, sid)).not.toHaveProperty('sessionRevocation');
});

test('unset: destroy is a sign-out', async () => {
  const site = await open({
    settings: { unset: 'destroy' },
    pages: (app) => {
      app.post('/unset', (request, response) => {
        Reflect.deleteProperty(request, 'session');
        response.json('unset');
      });
    },
  });
  const browser = site.browser();
  await browser.login('alice');
  expect((await browser.post('/unset')).json).toBe('unset');
  expect(await reasons(site)).toEqual(['signed-out']);
});

test('regenerate carries the stamp: the same session, listed once, under a new id', async () => {
  const site = await open();
  const browser = site.browser();
  const sid = await browser.login('alice');
  const { id } = (await browser.get('/me')).json ?? {};
  const before = browser.session;
  for (let time = 0; time < 3; time++) await browser.post('/regenerate');
  expect(browser.sid).not.toBe(sid);
  expect((await browser.get('/me')).json).toMatchObject({ user: 'alice', id, sid: browser.sid });
  expect(rowsOf(await browser.get('/sessions'))).toMatchObject([{ id, current: true }]);
  expect((await browser.get('/who', { cookie: before })).json).toMatchObject({ user: null, inner: null });
});

test('reload and save work as they did', async () => {
  const { browser: newBrowser, errors } = await open();
  const browser = newBrowser();
  const sid = await browser.login('alice');
  for (const page of ['/reload', '/save', '/touch']) expect((await browser.post(page)).status).toBe(200);
  expect(browser.sid).toBe(sid);
  expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
  expect(errors).toEqual([]);
});

test('reload of a session that was revoked meanwhile fails as of one that is gone', async () => {
  const site = await open({
    pages: (app) => {
      app.post('/reload-late', async (request, response) => {
        await site.sessions.revoke({ user: 'alice' });
        const { error } = await called((callback) => request.session.reload(callback));
        response.json(String(error));
      });
    },
  });
  const browser = site.browser();
  await browser.login('alice');
  expect((await browser.post('/reload-late')).json).toBe('Error: failed to load session');
});

describe('data saved under another user than the stamp’s', () => {
  test('is an error, and the session stays whose it was', async () => {
    const site = await open();
    const browser = site.browser();
    await browser.login('alice');
    const answer = await browser.post('/become?user=bob');
    expect(answer.status).toBe(500);
    expect(leavesCookie(answer)).toBe(true);
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice' });
    expect((await site.sessions.list({ user: 'bob' })).sessions).toEqual([]);
  });

  test('is refused if it was set past the bridge', async () => {
    const { browser: newBrowser, inner } = await open();
    const browser = newBrowser();
    const sid = await browser.login('alice');
    const record = await recordOf(inner, sid);
    await called((callback) => inner.set(sid, { ...record!, userId: 'bob' }, callback));
    expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null });
  });
});

test('a stamp of no session, or of another’s making, is refused', async () => {
  const { browser: newBrowser, inner } = await open();
  const browser = newBrowser();
  const sid = await browser.login('alice');
  const record = await recordOf(inner, sid);
  for (const stamp of ['x', '', 7, {}, `${'a'.repeat(22)}.${'b'.repeat(43)}`]) {
    await called((callback) => inner.set(sid, Object.assign({ ...record! }, { sessionRevocation: stamp }), callback));
    expect((await browser.get('/who')).json, JSON.stringify(stamp)).toMatchObject({ user: null, inner: null });
  }
});

test('the stamp of one visitor is of no use in the data of a stolen copy after renewal', async () => {
  const { browser: newBrowser, inner } = await open();
  const browser = newBrowser();
  const sid = await browser.login('alice');
  const record = await recordOf(inner, sid);
  await browser.post('/renew');
  const cookie = browser.session;
  const now = browser.sid;
  expect((await browser.get('/me')).status).toBe(200);
  await called((callback) => inner.set(now, record!, callback));
  expectProblem(await browser.get('/me', { cookie }), 401, 'session-required');
});
