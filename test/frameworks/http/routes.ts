import { createSessions, type Sessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { NAVIGATION } from './browser.ts';
import { expectProblem, expectSame, expectSignedOut, expectUncached } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE, open } from './site.ts';
import { threeSignedIn } from './three-signed-in.ts';

export function routes(framework: Framework): void {
  describe('DELETE /:id', () => {
    test('of another device ends it: 204', async () => {
      const { mac, windows, ids } = await threeSignedIn(framework);
      expect(await mac.delete(`/sessions/${ids[1]}`)).toMatchObject({ status: 204, text: '', setCookies: [] });
      expectProblem(await windows.get('/private'), 401, 'session-required');
      expect((await mac.get('/private')).status).toBe(200);
    });

    test('of this device signs out: 204 and the cookie is deleted', async () => {
      const { mac, windows, ids } = await threeSignedIn(framework);
      expect((await mac.delete(`/sessions/${ids[0]}`)).status).toBe(204);
      expect(mac.cookie(COOKIE)).toBeNull();
      expect((await windows.get('/private')).status).toBe(200);
    });

    test("SES-21: another user's session id, or none such: the same 404", async () => {
      const { mac, bob, ids } = await threeSignedIn(framework);
      const foreign = await mac.delete(`/sessions/${ids[2]}`);
      expectProblem(foreign, 404, 'session-not-found');
      const others = [
        'A'.repeat(22),
        'x',
        '%E0%A4%A',
        '%00',
        "'%20OR%201=1",
        `${ids[2]}%20`,
        'x'.repeat(5000),
        '__proto__',
      ];
      for (const id of others) expectSame(await mac.delete(`/sessions/${id}`), foreign);
      expect((await bob.get('/private')).status).toBe(200);
    });

    test('of what is over already: the same 404', async () => {
      const { mac, ids } = await threeSignedIn(framework);
      await mac.delete(`/sessions/${ids[1]}`);
      expectSame(await mac.delete(`/sessions/${ids[1]}`), await mac.delete(`/sessions/${'A'.repeat(22)}`));
    });
  });

  describe('POST', () => {
    test('/sign-out ends this one: 204', async () => {
      const { mac, windows } = await threeSignedIn(framework);
      const answer = await mac.post('/sessions/sign-out');
      expect(answer).toMatchObject({ status: 204, text: '' });
      expectUncached(answer);
      expect(mac.cookie(COOKIE)).toBeNull();
      expect((await windows.get('/private')).status).toBe(200);
    });

    test('/sign-out-others keeps this one, under a new secret', async () => {
      const { mac, windows, bob, browser } = await threeSignedIn(framework);
      const before = mac.session;
      expect((await mac.post('/sessions/sign-out-others')).status).toBe(204);
      expectProblem(await windows.get('/private'), 401, 'session-required');
      expectSignedOut(await browser().get('/private', { cookie: before }));
      for (const spared of [mac, bob]) expect((await spared.get('/private')).status).toBe(200);
    });

    test('/sign-out-everywhere ends all, this one too', async () => {
      const { mac, windows, bob } = await threeSignedIn(framework);
      const before = mac.session;
      expect((await mac.post('/sessions/sign-out-everywhere')).status).toBe(204);
      expect(mac.cookie(COOKIE)).toBeNull();
      expectProblem(await mac.get('/private', { cookie: before }), 401, 'session-required');
      expectProblem(await windows.get('/private'), 401, 'session-required');
      expect((await bob.get('/private')).status).toBe(200);
    });
  });

  describe('LGO-7: another method is 405 with Allow, and changes nothing', () => {
    test.each([
      ...['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'].flatMap((method) => [
        [method, '/sign-out', 'POST'],
        [method, '/sign-out-others', 'POST'],
        [method, '/sign-out-everywhere', 'POST'],
      ]),
      ['GET', '/:id', 'DELETE'],
      ['POST', '/:id', 'DELETE'],
      ['POST', '', 'GET, HEAD'],
      ['DELETE', '/', 'GET, HEAD'],
    ] as [string, string, string][])('%s %s', async (method, path, allow) => {
      const { mac, windows, ids, store } = await threeSignedIn(framework);
      const writes = store.calls.filter((verb) => verb !== 'find' && verb !== 'touch').length;
      const answer = await mac.request(method, `/sessions${path.replace(':id', ids[1]!)}`);
      expect(answer.headers.allow).toBe(allow);
      if (method === 'HEAD') expect(answer.status).toBe(405);
      else expectProblem(answer, 405, 'method-not-allowed');
      expect(store.calls.filter((verb) => verb !== 'find' && verb !== 'touch')).toHaveLength(writes);
      for (const browser of [mac, windows]) expect((await browser.get('/private')).status).toBe(200);
    });
  });

  test('without a session each is refused', async () => {
    const { browser, ids } = await threeSignedIn(framework);
    expectSignedOut(await browser().get('/sessions'));
    expectSignedOut(await browser().delete(`/sessions/${ids[0]}`));
    for (const path of ['sign-out', 'sign-out-others', 'sign-out-everywhere']) {
      expectSignedOut(await browser().post(`/sessions/${path}`));
    }
  });

  test('without a session a page goes to the login path, and back to the whole path', async () => {
    const { browser } = await open(framework, { authentication: { loginUrl: '/login' } });
    const answer = await browser().get('/sessions?limit=5', NAVIGATION);
    expect(answer).toMatchObject({ status: 303, headers: { location: '/login?returnTo=%2Fsessions%3Flimit%3D5' } });
  });

  test('routes that are made for another realm than the authentication before them are misuse: 500', async () => {
    const routesOf = createSessions({ store: memoryStore() });
    const { browser: open_ } = await open(framework, { routesOf });
    const browser = open_();
    await browser.signIn('alice');
    for (const path of ['/sessions', '/sessions?ended=true']) expect((await browser.get(path)).status).toBe(500);
    await expect(open(framework, { routesOf: {} as Sessions })).rejects.toThrow(TypeError);
  });

  test('without authentication before them, guards, routes and pages are misuse: 500', async () => {
    const { store, browser } = await open(framework, { authentication: null });
    for (const path of ['/private', '/public', '/unguarded', '/sessions']) {
      expect((await browser().get(path)).status).toBe(500);
    }
    expect(store.calls).toEqual([]);
  });

  test('a path that is none of them is left to the app', async () => {
    const { mac } = await threeSignedIn(framework);
    const answer = await mac.get('/sessions/a/b');
    expect(answer.status).toBe(404);
    expect(answer.json).toBeNull();
  });
}
