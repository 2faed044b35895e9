import { describe, expect, test } from 'vitest';
import { NAVIGATION } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { COOKIE, open } from './site.ts';

export function outage(framework: Framework): void {
  describe.each(['throws', 'hangs', 'garbles'] as const)('store unavailable: it %s', (state) => {
    const start = async (pages: readonly Page[] = []): ReturnType<typeof open> =>
      open(framework, { pages, sessions: { timeout: 5 }, authentication: { loginUrl: '/login' } });

    test('public pages work; guards answer 503 problem+json, Retry-After, cookie untouched (OPS-1, ERR-8)', async () => {
      let runs = 0;
      const page: Page = { method: 'get', path: '/counted', guard: {}, run: () => ++runs };
      const site = await start([page]);
      const browser = site.browser();
      await browser.signIn('alice');
      const cookie = browser.session;

      site.store.state = state;
      expect((await browser.get('/home')).json).toEqual({ welcome: true });
      const answers = [
        await browser.get('/counted'),
        await browser.get('/counted', NAVIGATION),
        await browser.post('/private'),
        await browser.get('/recent'),
        await browser.get('/people-only'),
        await browser.get('/sessions'),
        await browser.post('/sessions/sign-out'),
      ];
      for (const answer of answers) {
        expectProblem(answer, 503, 'store-unavailable');
        expect(answer.headers['retry-after']).toBe('5');
        expect(answer.setCookies).toEqual([]);
        expect(answer.text).not.toMatch(/ECONN|10\.0\.0\.7|SELECT|sr1|stack|find|timeout/i);
      }
      expect(runs).toBe(0);

      site.store.state = 'answers';
      expect(browser.session).toBe(cookie);
      expect((await browser.get('/counted')).json).toBe(1);
    });

    test('authOf(request).session throws, and so does sessionOf: 503 through the framework, never "signed out"', async () => {
      const codes: unknown[] = [];
      const remember = (read: () => unknown): void => {
        try {
          codes.push(read());
        } catch (error) {
          codes.push((error as { code: unknown }).code);
        }
      };
      const page: Page = {
        method: 'get',
        path: '/asks',
        run: ({ auth, session }) => [() => auth().session, session].forEach(remember),
      };
      const site = await start([page]);
      const browser = site.browser();
      await browser.signIn('alice');
      site.store.state = state;
      await browser.get('/asks');
      expect(codes).toEqual(['SESSION_STORE_UNAVAILABLE', 'SESSION_STORE_UNAVAILABLE']);
      expect(await browser.get('/public')).toMatchObject({ status: 503, setCookies: [] });
      expect(await browser.get('/unguarded')).toMatchObject({ status: 503, setCookies: [] });
    });

    test('a sign-in fails with 503 and sets nothing', async () => {
      const site = await start();
      site.store.state = state;
      expect(await site.browser().post('/sign-in')).toMatchObject({ status: 503, setCookies: [] });
    });

    test('a request without a cookie, or with a malformed one, is not signed in', async () => {
      const site = await start();
      site.store.state = state;
      const browser = site.browser();
      expectProblem(await browser.get('/private'), 401, 'session-required');
      expectProblem(await browser.get('/private', { cookie: `${COOKIE}=junk` }), 401, 'session-required');
      expect((await browser.get('/public')).json).toEqual({ user: null });
    });

    test('LGO-1: a list that cannot be read is not empty; an ending that cannot be written is no success, and deletes no cookie', async () => {
      const site = await start();
      const browser = site.browser();
      const id = await browser.signIn('alice');
      site.store.only = ['end', 'advance', 'renew', 'list'];
      site.store.state = state;
      for (const answer of [
        await browser.get('/sessions'),
        await browser.post('/sessions/sign-out'),
        await browser.delete(`/sessions/${id}`),
        await browser.post('/sessions/sign-out-others'),
        await browser.post('/sessions/sign-out-everywhere'),
      ]) {
        expectProblem(answer, 503, 'store-unavailable');
        expect(answer.setCookies).toEqual([]);
      }
      expect(await browser.post('/renew')).toMatchObject({ status: 503, setCookies: [] });
      expect((await browser.get('/private')).status).toBe(200);
    });
  });

  test('a use that cannot be noted fails no request', async () => {
    const site = await open(framework, { sessions: { touchEvery: 0 } });
    const failed: unknown[] = [];
    site.sessions.on('background.failed', ({ operation }) => failed.push(operation));
    const browser = site.browser();
    await browser.signIn('alice');
    site.store.only = ['touch'];
    site.store.state = 'throws';
    expect((await browser.get('/private')).status).toBe(200);
    expect((await browser.get('/private')).status).toBe(200);
    await expect.poll(() => failed, { interval: 5, timeout: 60_000 }).toContain('touch');
  });
}
