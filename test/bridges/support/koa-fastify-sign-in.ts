import { describe, expect, test } from 'vitest';
import { expectProblem, rowsOf } from '../../frameworks/http/expectations.ts';
import { dataOf } from './data-of.ts';
import { leavesCookie, open, type SessionLayer, type Site } from './koa-fastify-site.ts';

const reasons = async ({ sessions }: Site, user = 'alice'): Promise<unknown> => {
  const { sessions: rows } = await sessions.list({ user }, { ended: true });
  return rows.map(({ end }) => (end?.reason === 'ended' ? end.ended.reason : (end?.reason ?? 'live')));
};

/** Tests signing in and out through the bridge and through the inner layer alone. */
export function signInBehaviours(layer: SessionLayer): void {
  describe('signIn', () => {
    test('gives a visitor a new id and keeps the data; the old id has no user', async () => {
      const { browser: newBrowser, inner } = await open(layer);
      const browser = newBrowser();
      await browser.post('/cart?item=tea');
      const { sid, session } = browser;
      await browser.login('alice');
      expect(browser.sid).not.toBe(sid);
      expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice', cart: ['tea'] });
      expect(dataOf(await inner.read(sid))).toEqual({});
      const fixed = await browser.get('/who', { cookie: session });
      expect(fixed.json).toMatchObject({ user: null, inner: null, cart: null });
    });

    test('over another user’s live session: fresh data, and that session ends', async () => {
      const site = await open(layer);
      const browser = site.browser();
      await browser.login('alice');
      await browser.post('/cart?item=tea');
      const { session } = browser;
      await browser.login('bob');
      expect((await browser.get('/who')).json).toMatchObject({ user: 'bob', inner: 'bob', cart: null });
      expect((await browser.get('/who', { cookie: session })).json).toMatchObject({ user: null, inner: null });
      expect(await reasons(site)).toEqual(['replaced']);
    });

    test('again, of the same user: the data stay, and one session is listed', async () => {
      const { browser: newBrowser } = await open(layer);
      const browser = newBrowser();
      await browser.login('alice');
      await browser.post('/cart?item=tea');
      const { sid } = browser;
      await browser.login('alice');
      expect(browser.sid).not.toBe(sid);
      expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', cart: ['tea'] });
      expect(rowsOf(await browser.get('/sessions'))).toHaveLength(1);
    });

    test('with a wrong password changes nothing; of a suspended user starts nothing', async () => {
      const { browser: newBrowser, sessions } = await open(layer);
      const browser = newBrowser();
      await browser.login('alice');
      const { sid } = browser;
      expect((await browser.post('/login?user=bob&password=wrong')).json).toEqual({
        ok: false,
        reason: 'not-verified',
      });
      expect(browser.sid).toBe(sid);
      expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
      await sessions.suspend({ user: 'bob' }, { by: 'admin' });
      expect((await newBrowser().post('/login?user=bob')).json).toEqual({ ok: false, reason: 'suspended' });
    });

    test('after a refusal starts afresh', async () => {
      const { browser: newBrowser, sessions } = await open(layer);
      const browser = newBrowser();
      await browser.login('alice');
      await sessions.revoke({ user: 'alice' });
      expectProblem(await browser.get('/me'), 401, 'session-required');
      await browser.login('alice');
      expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', refusal: null });
    });

    test('past the bridge is refused, with a warning', async () => {
      const warnings: Error[] = [];
      const heard = (warning: Error): unknown => warnings.push(warning);
      process.on('warning', heard);
      const { browser: newBrowser, inner } = await open(layer);
      const browser = newBrowser();
      await browser.post('/inner-login?user=alice');
      const { sid, session } = browser;
      for (let time = 0; time < 2; time++)
        expect((await browser.get('/who', { cookie: session })).json).toMatchObject({ user: null, inner: null });
      expect(await inner.read(sid)).toMatchObject({ userId: 'alice' });
      process.off('warning', heard);
      const ours = warnings.filter(({ name }) => name === 'SessionRevocationWarning');
      expect(ours).toMatchObject([{ message: expect.stringContaining('authOf(request).signIn') }]);
    });
  });

  describe.each(['renew', 'reauthenticate', 'sign-out-others', 'password-changed'])('%s', (page) => {
    test('gives the client a new id; the data and the session stay, the old id is dead', async () => {
      const { browser: newBrowser, inner } = await open(layer);
      const browser = newBrowser();
      await browser.login('alice');
      await browser.post('/cart?item=tea');
      const { id } = (await browser.get('/me')).json ?? {};
      const { sid, session } = browser;
      expect((await browser.post(`/${page}`)).status).toBe(200);
      expect(browser.sid).not.toBe(sid);
      expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', id, inner: 'alice', cart: ['tea'] });
      expect(rowsOf(await browser.get('/sessions'))).toMatchObject([{ id, current: true }]);
      // Comes last, because an inner layer may delete the cookie of an unknown id.
      const old = await browser.get('/who', { cookie: session });
      expect(old.json).toMatchObject({ user: null, inner: null, cart: null });
      expect(dataOf(await inner.read(sid))).toEqual({});
    });
  });

  describe.each(['sign-out', 'sign-out-everywhere', 'password-reset'])('%s', (page) => {
    test('ends the session, and leaves an empty inner session under a new id', async () => {
      const { browser: newBrowser, sessions, inner } = await open(layer);
      const browser = newBrowser();
      await browser.login('alice');
      await browser.post('/cart?item=tea');
      const { sid, session } = browser;
      expect((await browser.post(`/${page}`)).status).toBe(200);
      expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
      expect(dataOf(await inner.read(sid))).toEqual({});
      for (const cookie of [browser.session, session]) {
        expect((await browser.get('/who', { cookie })).json).toMatchObject({ user: null, inner: null, cart: null });
      }
    });
  });

  describe.each(['/destroy', '/drop-user'])('the inner layer’s own sign-out: %s', (page) => {
    test('is a sign-out, of this session alone', async () => {
      const site = await open(layer);
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
      const policy = (account: string | null) => ({ signOut: account === 'acme' ? 'everywhere' : 'session' }) as const;
      const site = await open(layer, { sessions: { policy } });
      const [browser, other, elsewhere] = [site.browser(), site.browser(), site.browser()];
      await other.login('alice', '&account=acme');
      await elsewhere.login('alice', '&account=beta');
      await browser.login('alice', '&account=acme');
      expect((await browser.post(page)).status).toBe(200);
      expectProblem(await other.get('/me'), 401, 'session-required');
      expect((await elsewhere.get('/me')).status).toBe(200);
    });

    test('of a visitor, and of a session that is over, is nothing to us', async () => {
      const site = await open(layer);
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
    const { browser: newBrowser, inner } = await open(layer);
    const browser = newBrowser();
    await browser.login('alice');
    await browser.post('/cart?item=tea');
    await browser.post('/drop-user');
    expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null, cart: ['tea'] });
    expect(await inner.read(browser.sid)).not.toHaveProperty('sessionRevocation');
  });

  test('the inner layer’s regenerate keeps the stamp: the same session, listed once, under a new id', async () => {
    const site = await open(layer);
    const browser = site.browser();
    const sid = await browser.login('alice');
    const { id } = (await browser.get('/me')).json ?? {};
    const before = browser.session;
    for (let time = 0; time < 3; time++) expect((await browser.post('/regenerate')).status).toBe(200);
    expect(browser.sid).not.toBe(sid);
    expect((await browser.get('/me')).json).toMatchObject({ user: 'alice', id });
    expect(rowsOf(await browser.get('/sessions'))).toMatchObject([{ id, current: true }]);
    expect((await browser.get('/who', { cookie: before })).json).toMatchObject({ user: null, inner: null });
    expect(await reasons(site)).toEqual(['live']);
  });

  test('data saved under another user than the stamp’s are an error, and the session stays whose it was', async () => {
    const site = await open(layer);
    const browser = site.browser();
    await browser.login('alice');
    const cookie = browser.session;
    const answer = await browser.post('/become?user=bob');
    expect(answer.status).toBe(500);
    expect(leavesCookie(layer, answer)).toBe(true);
    expect((await browser.get('/who', { cookie })).json).toMatchObject({ user: 'alice', inner: 'alice' });
    expect((await site.sessions.list({ user: 'bob' })).sessions).toEqual([]);
  });

  test('a stamp of no session, or of another’s making, is refused', async () => {
    const { browser: newBrowser, inner } = await open(layer);
    const browser = newBrowser();
    const sid = await browser.login('alice');
    const cookie = browser.session;
    const record = await inner.read(sid);
    for (const stamp of ['x', '', 7, {}, `${'a'.repeat(22)}.${'b'.repeat(43)}`]) {
      await inner.write(sid, Object.assign({ ...record }, { sessionRevocation: stamp }));
      const answer = await browser.get('/who', { cookie });
      expect(answer.json, JSON.stringify(stamp)).toMatchObject({ user: null, inner: null });
    }
    await inner.write(sid, { ...record, userId: 'bob' });
    expect((await browser.get('/who', { cookie })).json).toMatchObject({ user: null, inner: null });
  });
}
