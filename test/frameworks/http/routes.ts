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
      const others = ['A'.repeat(22), 'x', '%00', "'%20OR%201=1", `${ids[2]}%20`, 'x'.repeat(5000), '__proto__'];
      for (const id of others) expectSame(await mac.delete(`/sessions/${id}`), foreign);
      expect((await bob.get('/private')).status).toBe(200);
    });

    test('by a malformed URL ends nothing: 404, or the 400 of a router that decodes first', async () => {
      const { mac } = await threeSignedIn(framework);
      expect([400, 404]).toContain((await mac.delete('/sessions/%E0%A4%A')).status);
      expect((await mac.get('/private')).status).toBe(200);
    });

    test('of an ended session: the same 404', async () => {
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

  test('POST /:id/sign-out of a form ends one, and goes back to its page', async () => {
    const { mac, windows, ids } = await threeSignedIn(framework);
    const form = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await mac.post(`/sessions/${ids[1]}/sign-out`, form, 'returnTo=%2Fdevices');
    expect(answer).toMatchObject({ status: 303, headers: { location: '/devices' } });
    expectProblem(await windows.get('/private'), 401, 'session-required');
    expectProblem(await mac.post(`/sessions/${ids[2]}/sign-out`), 404, 'session-not-found');
  });

  describe('kinds in the body name kinds', () => {
    const JSON_BODY = { 'content-type': 'application/json' };
    test.each([
      ['application/json', '{"kinds":["api"]}'],
      ['application/x-www-form-urlencoded', 'kinds=api'],
      ['application/x-www-form-urlencoded', 'kinds=mcp&kinds=api'],
      ['application/x-www-form-urlencoded', 'kinds=api&kinds=mcp'],
    ])('as %s', async (type, body) => {
      const { mac, browser } = await threeSignedIn(framework);
      const api = browser();
      await api.signIn('alice', '&kind=api');
      const answer = await mac.post('/sessions/sign-out-everywhere', { 'content-type': type }, body);
      expect(answer).toMatchObject({ status: 204, setCookies: [] });
      expect([(await mac.get('/private')).status, (await api.get('/private')).status]).toEqual([200, 401]);
    });

    test.each(['{"kinds":["unheard-of"]}', '{"kinds":[]}', '{"kinds":7}', '{"kinds":null}'])(
      '%s is a 400, and nothing is done',
      async (body) => {
        const { mac, windows } = await threeSignedIn(framework);
        for (const path of ['sign-out-others', 'sign-out-everywhere']) {
          expectProblem(await mac.post(`/sessions/${path}`, JSON_BODY, body), 400, 'bad-request');
        }
        for (const one of [mac, windows]) expect((await one.get('/private')).status).toBe(200);
      },
    );
  });

  describe('actions', () => {
    test('name the routes that there are; of the others nothing answers', async () => {
      const site = await open(framework, { routes: { actions: ['sign-out', 'sign-out-everywhere'] } });
      const browser = site.browser();
      const id = await browser.signIn('alice');
      for (const answer of [
        await browser.get('/sessions'),
        await browser.delete(`/sessions/${id}`),
        await browser.post('/sessions/sign-out-others'),
        await browser.get('/sessions/policy'),
      ]) {
        expect(answer).toMatchObject({ status: 404, json: null });
      }
      expect((await browser.post('/sessions/sign-out-everywhere')).status).toBe(204);
    });

    test('left out leave their paths to the app', async () => {
      const page = { method: 'post', path: '/sessions/sign-out', run: () => ({ own: true }) } as const;
      const { browser } = await open(framework, { routes: { actions: ['list', 'end'] }, pages: [page] });
      const mine = browser();
      await mine.signIn('alice');
      expect((await mine.post('/sessions/sign-out')).json).toEqual({ own: true });
    });

    test.each([['sign-in'], 'list', null, [7]])('%j is refused at start-up', async (actions) => {
      await expect(open(framework, { routes: { actions: actions as never } })).rejects.toThrow(TypeError);
    });
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
