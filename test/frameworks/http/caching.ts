import { describe, expect, test } from 'vitest';
import { type Answer, type Browser, NAVIGATION } from './browser.ts';
import { expectProblem, expectUncached } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { postPage } from './pages.ts';
import { open } from './site.ts';

/** Answers of the library that contain a token or a list. */
const ANSWERS: Readonly<Record<string, (browser: Browser, id: string) => Promise<Answer>>> = {
  'the list': (browser) => browser.get('/sessions'),
  'the list with what is over': (browser) => browser.get('/sessions?ended=true'),
  'the head of the list': (browser) => browser.request('HEAD', '/sessions'),
  'the policy': (browser) => browser.get('/sessions/policy'),
  'a sign-out': (browser) => browser.post('/sessions/sign-out'),
  'the sign-out of a form': (browser) => browser.post('/sessions/sign-out', NAVIGATION),
  'the end of the others': (browser) => browser.post('/sessions/sign-out-others'),
  'a sign-out everywhere': (browser) => browser.post('/sessions/sign-out-everywhere'),
  'the end of one': (browser, id) => browser.delete(`/sessions/${id}`),
};

/** Acts of the app's pages that set or delete a cookie. */
const ACTS: Readonly<Record<string, Page['run']>> = {
  'a sign-in': ({ auth }) => auth().signIn({ user: 'bob', verify: () => true }),
  'a renewal': ({ auth }) => auth().renew(),
  'a new authentication': ({ auth }) => auth().reauthenticate({ verify: () => true }),
  'a sign-out': ({ auth }) => auth().signOut(),
  'a trigger': ({ auth }) => auth().trigger('passwordChanged'),
};

export function caching(framework: Framework): void {
  describe('LGO-6: what has a token or a list in it is not for caches', () => {
    test.each(Object.entries(ANSWERS))('%s', async (_, ask) => {
      const browser = (await open(framework)).browser();
      expectUncached(await ask(browser, await browser.signIn('alice')));
    });

    test('the answer to a sign-out that deletes the cookie of a session that is over', async () => {
      const { sessions, browser: open_ } = await open(framework);
      const browser = open_();
      await browser.signIn('alice');
      await sessions.revoke({ user: 'alice' });
      const answer = await browser.post('/sessions/sign-out');
      expect(answer.setCookies).toHaveLength(1);
      expectUncached(answer);
    });

    test.each(Object.entries(ACTS))(
      '%s by a page of the app, also where that said otherwise before',
      async (_, act) => {
        const page = postPage('/act', async (request) => {
          request.addHeader('cache-control', 'public, max-age=60');
          await act(request);
        });
        const browser = (await open(framework, { pages: [page] })).browser();
        await browser.signIn('alice');
        const { setCookies, headers } = await browser.post('/act');
        expect(setCookies).toHaveLength(1);
        expect(headers['cache-control']).toBe('no-store');
      },
    );
  });

  test.each([
    ['requireSession', { noStore: true }],
    ['requireRecentSignIn', { maxAge: '5m', noStore: true }],
  ] as const)('with noStore, %s has what it lets pass kept by no cache', async (_, guard) => {
    const page: Page = { method: 'get', path: '/secret', guard, run: () => ({ secret: true }) };
    const browser = (await open(framework, { pages: [page] })).browser();
    expectProblem(await browser.get('/secret'), 401, 'session-required');
    await browser.signIn('alice');
    const answer = await browser.get('/secret');
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' }, json: { secret: true } });
    expect((await browser.get('/private')).headers).not.toHaveProperty('cache-control');
  });

  test('what sets no cookie is cached as the app likes', async () => {
    const page: Page = {
      method: 'get',
      path: '/cached',
      run: ({ addHeader }) => addHeader('cache-control', 'private, max-age=60'),
    };
    const browser = (await open(framework, { pages: [page] })).browser();
    await browser.signIn('alice');
    expect((await browser.get('/cached')).headers['cache-control']).toBe('private, max-age=60');
  });
}
