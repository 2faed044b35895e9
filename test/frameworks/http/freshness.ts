import { createSessions, type Sessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { expect, test } from 'vitest';
import { NAVIGATION } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { open, type Site } from './site.ts';
import { openTokenSite } from './token-site.ts';

const PAGES: readonly Page[] = [
  { method: 'get', path: '/strict', guard: { maxStaleness: 0 }, run: ({ session }) => session().user },
  { method: 'get', path: '/younger', guard: { maxStaleness: '4m' }, run: ({ session }) => session().user },
];
const OPTIONS = { pages: PAGES, sessions: { freshness: { maxStaleness: '5m' } } } as const;

/** Returns the `Sessions` of another process on the same store. The site does not notice its writes. */
const elsewhere = (store: ReturnType<typeof memoryStore>): Sessions => createSessions({ store });

export function freshness(framework: Framework): void {
  const start = async (): Promise<{ readonly site: Site; readonly other: Sessions }> => {
    const store = memoryStore();
    const site = await open(framework, { ...OPTIONS, store });
    await site.sessions.setup();
    return { site, other: elsewhere(store) };
  };

  test('a guard answers from memory, and one with maxStaleness: 0 reads the store, once for each request', async () => {
    const { site } = await start();
    const browser = site.browser();
    await browser.signIn('alice');
    const finds = async (path: string): Promise<number> => {
      site.store.forget();
      expect((await browser.get(path)).status).toBe(200);
      return site.store.count('find');
    };
    expect(await finds('/strict')).toBe(1);
    expect(await finds('/private')).toBe(0);
    expect(await finds('/younger')).toBe(0);
    expect(await finds('/strict')).toBe(1);
    // A guard that requires a recent sign-in reads the store, too.
    expect(await finds('/recent')).toBe(1);
    site.clock.advance(4 * 60e3 + 1);
    expect(await finds('/younger')).toBe(1);
  });

  test.each(['/strict', '/recent', '/sessions', '/sessions/sign-out-others', '/sessions/sign-out-everywhere'])(
    '%s sees a revocation by another process at once',
    async (path) => {
      const { site, other } = await start();
      const browser = site.browser();
      await browser.signIn('alice');
      await browser.get('/private');
      await other.revoke({ user: 'alice' });
      expect((await browser.get('/private')).status).toBe(200);
      const answer = path.startsWith('/sessions/') ? await browser.post(path) : await browser.get(path);
      expectProblem(answer, 401, 'session-required');
      // This process now knows of the revocation.
      expectProblem(await browser.get('/private'), 401, 'session-required');
    },
  );

  test('in an outage, memory accepts, and a strict guard answers 503', async () => {
    const { site } = await start();
    const browser = site.browser();
    await browser.signIn('alice');
    await browser.get('/private');
    site.store.state = 'throws';
    expect((await browser.get('/private')).status).toBe(200);
    expectProblem(await browser.get('/strict'), 503, 'store-unavailable');
    expectProblem(await browser.get('/recent'), 503, 'store-unavailable');
    site.store.state = 'answers';
    expect((await browser.get('/strict')).status).toBe(200);
  });

  test('an access token is judged from memory, too, and a strict guard refuses it as it refuses any', async () => {
    const store = memoryStore();
    const site = await openTokenSite(framework, { ...OPTIONS, store });
    await site.sessions.setup();
    const { accessToken } = await site.appTokens('alice');
    const browser = site.browser();
    const get = (path: string) => browser.get(path, { authorization: `Bearer ${accessToken}` });
    expect((await get('/private')).status).toBe(200);
    await elsewhere(store).revoke({ user: 'alice' }, { kinds: 'all' });
    expect((await get('/private')).status).toBe(200);
    expectProblem(await get('/strict'), 401, 'invalid-token');
    expectProblem(await get('/private'), 401, 'invalid-token');
  });

  test.each([
    ['POST', () => '/sessions/sign-out-others'],
    ['POST', () => '/sessions/sign-out-everywhere'],
    ['POST', () => '/sessions/sign-out'],
    ['DELETE', (id: string) => `/sessions/${id}`],
    ['POST', (id: string) => `/sessions/${id}/sign-out`],
  ] as const)('%s to a route that ends sessions tells how long processes may accept them: %s', async (method, path) => {
    const { site } = await start();
    const [browser, phone] = [site.browser(), site.browser()];
    const id = await phone.signIn('alice');
    await browser.signIn('alice');
    const answer = await browser.request(method, path(id));
    expect([answer.status, answer.json]).toEqual([200, { effectiveWithin: 300_000 }]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('without a bound, and for a form, there is nothing to tell', async () => {
    const { site } = await start();
    const strict = await open(framework);
    const visitor = strict.browser();
    await visitor.signIn('alice');
    const answer = await visitor.post('/sessions/sign-out-others');
    expect([answer.status, answer.text]).toEqual([204, '']);
    const browser = site.browser();
    await browser.signIn('alice');
    const form = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await browser.post('/sessions/sign-out-others', form, 'returnTo=/private')).status).toBe(303);
  });

  test('the next tokens tell it, too', async () => {
    const site = await openTokenSite(framework, { ...OPTIONS, store: memoryStore() });
    await site.sessions.setup();
    const { accessToken } = await site.appTokens('alice');
    const answer = await site.browser().post('/sessions/sign-out-others', { authorization: `Bearer ${accessToken}` });
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({ access_token: expect.any(String), effectiveWithin: 300_000 }),
    ]);
  });

  test.each([{ maxStaleness: '1' }, { maxStaleness: -1 }, { maxStaleness: null }])(
    'requireSession(%o) is misuse',
    async (guard) => {
      const page: Page = { method: 'get', path: '/wrong', guard: guard as never, run: () => null };
      await expect(open(framework, { pages: [page] })).rejects.toThrow(/requireSession\(options\): maxStaleness is /);
    },
  );
}
