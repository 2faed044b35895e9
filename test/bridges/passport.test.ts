import { describe, expect, test } from 'vitest';
import { FIREFOX_ON_WINDOWS } from '../frameworks/http/browser.ts';
import { expectProblem, rowsOf } from '../frameworks/http/expectations.ts';
import { recordOf } from './support/callback-calls.ts';
import { addPassport } from './support/passport.ts';
import { open, type Site, type SiteBrowser, type SiteOptions } from './support/site.ts';

const NO_USER = { passport: null, ours: null };

const start = (options: SiteOptions = {}): Promise<Site> =>
  open({ bridge: { user: (data) => data.passport?.user }, pages: addPassport, ...options });

const login = (browser: SiteBrowser, user: string, password = 'right') =>
  browser.post(`/passport/login?user=${user}&password=${password}`);

describe('Passport', () => {
  test('signs in: one entry in the list, under the id that the client has', async () => {
    const { browser: newBrowser, inner, errors } = await start();
    const browser = newBrowser();
    await browser.post('/cart?item=tea');
    const { sid } = browser;
    expect((await login(browser, 'alice')).json).toEqual({ ok: true });
    expect(browser.sid).not.toBe(sid);
    expect((await browser.get('/passport/who')).json).toEqual({ passport: 'alice', ours: 'alice' });
    expect(rowsOf(await browser.get('/sessions'))).toMatchObject([{ user: 'alice', current: true }]);
    expect(await recordOf(inner, browser.sid)).toMatchObject({ passport: { user: 'alice' } });
    expect(errors).toEqual([]);
  });

  test('with a wrong password starts no session', async () => {
    const { browser: newBrowser, sessions } = await start();
    const browser = newBrowser();
    expect((await login(browser, 'alice', 'wrong')).status).toBe(401);
    expect((await browser.get('/passport/who')).json).toEqual(NO_USER);
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });

  test('another user on the same device takes nothing over', async () => {
    const { browser: newBrowser, sessions } = await start();
    const browser = newBrowser();
    await login(browser, 'alice');
    const { session } = browser;
    await login(browser, 'bob');
    expect((await browser.get('/passport/who')).json).toEqual({ passport: 'bob', ours: 'bob' });
    expect((await browser.get('/passport/who', { cookie: session })).json).toEqual(NO_USER);
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });

  test('logs in again: the same session under a new id', async () => {
    const { browser: newBrowser } = await start();
    const browser = newBrowser();
    await login(browser, 'alice');
    const { id } = (await browser.get('/me')).json ?? {};
    const { sid, session } = browser;
    expect((await browser.post('/passport/login-again')).status).toBe(200);
    expect(browser.sid).not.toBe(sid);
    expect(rowsOf(await browser.get('/sessions'))).toMatchObject([{ id, current: true }]);
    expect((await browser.get('/passport/who', { cookie: session })).json).toEqual(NO_USER);
  });

  test('logs out: a sign-out', async () => {
    const { browser: newBrowser, sessions, errors } = await start();
    const [browser, other] = [newBrowser(), newBrowser(FIREFOX_ON_WINDOWS)];
    await login(other, 'alice');
    await login(browser, 'alice');
    const { session } = browser;
    expect((await browser.post('/passport/logout')).status).toBe(200);
    for (const cookie of [browser.session, session]) {
      expect((await browser.get('/passport/who', { cookie })).json).toEqual(NO_USER);
    }
    expect((await other.get('/passport/who')).json).toEqual({ passport: 'alice', ours: 'alice' });
    const { sessions: rows } = await sessions.list({ user: 'alice' }, { ended: true });
    expect(rows.filter(({ end }) => end !== null)).toMatchObject([
      { end: { reason: 'ended', ended: { reason: 'signed-out' } } },
    ]);
    expect(errors).toEqual([]);
  });

  test('logs out and keeps the data, without the stamp', async () => {
    const { browser: newBrowser, inner, sessions } = await start();
    const browser = newBrowser();
    await login(browser, 'alice');
    await browser.post('/cart?item=tea');
    await browser.post('/passport/logout?keep');
    expect((await browser.get('/passport/who')).json).toEqual(NO_USER);
    expect((await browser.get('/inner')).json).toMatchObject({ cart: ['tea'] });
    expect(await recordOf(inner, browser.sid)).not.toHaveProperty('sessionRevocation');
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });

  test('logs out everywhere where the account’s policy says so', async () => {
    const { browser: newBrowser } = await start({ sessions: { policy: () => ({ signOut: 'everywhere' }) } });
    const [browser, other] = [newBrowser(), newBrowser()];
    await login(other, 'alice');
    await login(browser, 'alice');
    await browser.post('/passport/logout');
    expect((await other.get('/passport/who')).json).toEqual(NO_USER);
  });

  test('has no user after a revocation, and a user after the next login', async () => {
    const { browser: newBrowser, sessions } = await start();
    const [browser, other] = [newBrowser(), newBrowser()];
    await login(browser, 'alice');
    await login(other, 'bob');
    await sessions.revoke({ user: 'alice' }, { by: 'admin' });
    expect((await browser.get('/passport/who')).json).toEqual(NO_USER);
    expectProblem(await browser.get('/me'), 401, 'session-required');
    expect((await other.get('/passport/who')).json).toEqual({ passport: 'bob', ours: 'bob' });
    await login(browser, 'alice');
    expect((await browser.get('/passport/who')).json).toEqual({ passport: 'alice', ours: 'alice' });
  });

  test('a login past the bridge has no user', async () => {
    const { browser: newBrowser, sessions } = await start({
      pages: (app) => {
        addPassport(app);
        app.post('/past', (request, response, next) => {
          request.login({ id: 'alice' }, (error) => (error ? next(error) : response.json('logged in')));
        });
      },
    });
    const browser = newBrowser();
    await browser.post('/past');
    expect((await browser.get('/passport/who')).json).toEqual(NO_USER);
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });
});
