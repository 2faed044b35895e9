import { describe, expect, test } from 'vitest';
import type { Auth, CookieOptions } from '../../../adapters/frameworks/http/index.ts';
import { type Answer, type Browser, fetchMetadata, type Headers, UNKNOWN_ORIGIN } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { open, type Site } from './site.ts';

const OWN = 'https://app.example.org';
const SISTER = 'https://blog.example.org';
const origin = (value: string): Headers => ({ ...UNKNOWN_ORIGIN, origin: value });
const WEBSOCKET: Headers = {
  ...fetchMetadata('cross-site', 'websocket', 'empty'),
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

const REFUSED: readonly (readonly [string, Headers])[] = [
  ['CSR-1: cross-site', fetchMetadata('cross-site', 'navigate', 'document')],
  ['CSR-1: cross-site, with any Origin', { ...fetchMetadata('cross-site'), origin: OWN }],
  [
    'CSR-2: same-site, from a sister that is not named',
    { ...fetchMetadata('same-site'), origin: 'https://evil.example.org' },
  ],
  ['CSR-2: same-site without Origin', fetchMetadata('same-site')],
  ['CSR-3: none, and no navigation', fetchMetadata('none', 'cors')],
  [
    'CSR-3: none, by a navigation that says to come from elsewhere',
    { ...fetchMetadata('none', 'navigate', 'document'), origin: 'https://evil.example' },
  ],
  ['CSR-3: none, and no mode', { ...UNKNOWN_ORIGIN, 'sec-fetch-site': 'none' }],
  ['CSR-4: an unknown value is no word at all', fetchMetadata('same-origin-ish')],
  ['CSR-4: two values', { ...UNKNOWN_ORIGIN, 'sec-fetch-site': ['same-origin', 'cross-site'] }],
  ['CSR-4: a value in another case', fetchMetadata('Same-Origin')],
  ['CSR-5: both headers absent', UNKNOWN_ORIGIN],
  ['CSR-5: Origin: null', origin('null')],
  ['CSR-5: Origin that begins like ours', origin('https://app.example.org.attacker.example')],
  ['CSR-5: Origin that ends like ours', origin('https://evil-app.example.org')],
  ['CSR-5: Origin over http', origin('http://app.example.org')],
  ['CSR-5: Origin of another port', origin('https://app.example.org:8443')],
  ['CSR-5: Origin in capitals', origin('HTTPS://APP.EXAMPLE.ORG')],
  ['CSR-5: two Origins', origin(`${OWN}, https://evil.example`)],
  ['CSR-5: Referer alone', { ...UNKNOWN_ORIGIN, referer: `${OWN}/page` }],
  ['CSR-6: Origin that equals Host', { ...origin('https://evil.example'), host: 'evil.example' }],
  [
    'CSR-6: Origin that equals X-Forwarded-Host',
    { ...origin('https://evil.example'), 'x-forwarded-host': 'evil.example' },
  ],
];

const ALLOWED: readonly (readonly [string, Headers])[] = [
  ['CSR-2: same-origin', fetchMetadata('same-origin')],
  ['CSR-2: same-site, from a sister that is named', { ...fetchMetadata('same-site'), origin: SISTER }],
  ['CSR-3: none, by a navigation', fetchMetadata('none', 'navigate', 'document')],
  ['CSR-5: no Sec-Fetch-Site, and our own Origin', origin(OWN)],
  ['CSR-4: an unknown Sec-Fetch-Site, and our own Origin', { ...fetchMetadata('sideways'), origin: OWN }],
];

const authentication = { origins: [OWN, SISTER] };

async function signedIn(framework: Framework): Promise<{ site: Site; browser: Browser; id: string }> {
  const site = await open(framework, { authentication });
  const browser = site.browser();
  const id = await browser.signIn('alice');
  site.store.forget();
  return { site, browser, id };
}

export function crossOrigin(framework: Framework): void {
  describe('unsafe method authenticated by cookie, not same-origin: 403, nothing done (CSR-11: SameSite is not needed)', () => {
    test.each(REFUSED)('%s', async (_, headers) => {
      const { site, browser, id } = await signedIn(framework);
      const answers: Answer[] = [
        await browser.post('/private', headers),
        await browser.post('/sessions/sign-out', headers),
        await browser.post('/sessions/sign-out-everywhere', headers),
        await browser.delete(`/sessions/${id}`, headers),
        await browser.request('PUT', '/private', headers),
      ];
      for (const answer of answers.slice(0, 4)) expectProblem(answer, 403, 'cross-origin');
      for (const path of ['/sign-in', '/renew', '/sign-out', '/sign-out-everywhere']) {
        expect(await browser.post(path, headers)).toMatchObject({ status: 403, setCookies: [] });
      }
      expect(site.store.calls).toEqual([]);
      expect((await browser.get('/private')).status).toBe(200);
    });

    test.each(ALLOWED)('passes: %s', async (_, headers) => {
      const { browser } = await signedIn(framework);
      expect((await browser.post('/private', headers)).status).toBe(200);
      expect([204, 303]).toContain((await browser.post('/sessions/sign-out', headers)).status);
      expect((await browser.post('/sign-in', headers)).json).toMatchObject({ ok: true });
    });

    test.each(['GET', 'HEAD', 'OPTIONS'])('%s is safe from anywhere', async (method) => {
      const { browser } = await signedIn(framework);
      const answer = await browser.request(method, '/private', fetchMetadata('cross-site', 'navigate', 'document'));
      expect(answer.status).not.toBe(403);
    });

    test.each([
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'application/json',
    ])('CSR-8: a body of %s makes no difference', async (type) => {
      const { site, browser } = await signedIn(framework);
      const headers = { ...fetchMetadata('cross-site', 'navigate', 'document'), 'content-type': type };
      expectProblem(await browser.post('/sessions/sign-out', headers, 'a=1'), 403, 'cross-origin');
      expect(site.store.calls).toEqual([]);
    });

    test.each<[string, CookieOptions]>([
      ['as by default', {}],
      ['SameSite=None', { sameSite: 'none' }],
      ['shared by hosts', { domain: 'example.org' }],
      ['on localhost', { secure: false }],
    ])('CKE-12: the token in the cookie is enough for nothing that changes something: %s', async (_, cookie) => {
      const site = await open(framework, { authentication: { cookie } });
      const browser = site.browser();
      const { setCookies } = await browser.post('/sign-in');
      expect(/; Secure(;|$)/.test(setCookies[0] ?? '')).toBe(cookie.secure ?? true);
      site.store.forget();
      for (const headers of [fetchMetadata('cross-site'), fetchMetadata('same-site'), UNKNOWN_ORIGIN]) {
        expectProblem(await browser.post('/private', headers), 403, 'cross-origin');
        expectProblem(await browser.post('/sessions/sign-out-everywhere', headers), 403, 'cross-origin');
      }
      expect(site.store.calls).toEqual([]);
      expect((await browser.get('/private')).status).toBe(200);
    });

    test('a method in disguise is what it is', async () => {
      const { browser, id } = await signedIn(framework);
      const headers = { ...fetchMetadata('cross-site'), 'x-http-method-override': 'DELETE' };
      expectProblem(await browser.get(`/sessions/${id}?_method=DELETE`, headers), 405, 'method-not-allowed');
      expect((await browser.get('/private')).status).toBe(200);
    });
  });

  describe('a method that is overridden behind authentication is judged when something is done', () => {
    const overriding = async () => {
      const authentication = { origins: [OWN] };
      const routes = { authorize: () => true };
      const site = await open(framework, { overridesMethod: true, authentication, routes });
      const [mine, other] = [site.browser(), site.browser()];
      await mine.signIn('alice', '&account=acme');
      const id = await other.signIn('alice', '&account=acme');
      return { ...site, mine, other, id };
    };
    /** Sends a GET whose method is overridden. */
    const send = (browser: Browser, [method, path]: readonly [string, string], headers: Headers): Promise<Answer> =>
      browser.get(path, { ...headers, 'x-http-method-override': method });
    const actsOn = (id: string): readonly (readonly [string, string])[] => [
      ['DELETE', `/sessions/${id}`],
      ['POST', `/sessions/${id}/sign-out`],
      ['PUT', '/sessions/policy'],
      ['POST', '/sessions/sign-out'],
      ['POST', '/sessions/sign-out-others'],
      ['POST', '/sessions/sign-out-everywhere'],
    ];

    test('from another site it is a 403, and nothing is done', async () => {
      const { mine, other, id, store } = await overriding();
      for (const act of actsOn(id)) {
        store.forget();
        const refused = await send(mine, act, fetchMetadata('cross-site', 'navigate', 'document'));
        // The method of a `Request` cannot be overridden, so it stays a GET there.
        if (![200, 405].includes(refused.status)) expectProblem(refused, 403, 'cross-origin');
        expect(refused.setCookies).toEqual([]);
        expect(store.calls.filter((verb) => verb !== 'find' && verb !== 'touch')).toEqual([]);
      }
      for (const one of [mine, other]) expect((await one.get('/private')).status).toBe(200);
    });

    test('from an own page it is done, where the framework lets a method be overridden', async () => {
      const { mine, other, id } = await overriding();
      const { status } = await send(mine, ['DELETE', `/sessions/${id}`], fetchMetadata('same-origin'));
      expect([204, 405]).toContain(status);
      expect((await other.get('/private')).status).toBe(status === 204 ? 401 : 200);
    });

    test('a page behind its guard is not reached from another site', async () => {
      const reached: string[] = [];
      const run: Page['run'] = ({ auth }) => void reached.push(auth().session?.user ?? '');
      const page: Page = { method: 'post', path: '/act', guard: {}, run };
      const site = await open(framework, { overridesMethod: true, pages: [page] });
      const browser = site.browser();
      await browser.signIn('alice');
      const { status } = await send(browser, ['POST', '/act'], fetchMetadata('cross-site', 'navigate', 'document'));
      expect([403, 404]).toContain(status);
      expect(reached).toEqual([]);
    });

    test('what a page reads of it without a guard is told once', async () => {
      const told: unknown[] = [];
      const page: Page = {
        method: 'post',
        path: '/act',
        run: ({ auth }) => [auth().session?.user ?? null, auth().session?.user ?? null, auth().request.state.is],
      };
      const site = await open(framework, { overridesMethod: true, pages: [page] });
      site.sessions.on('request.refused', ({ reason, action }) => told.push({ reason, action }));
      const browser = site.browser();
      await browser.signIn('alice');
      const { status, json } = await send(browser, ['POST', '/act'], fetchMetadata('cross-site'));
      expect([200, 404]).toContain(status);
      if (status === 404) return;
      expect(json).toEqual([null, null, 'cross-origin']);
      expect(told).toEqual([{ reason: 'cross-origin', action: 'POST /act' }]);
    });
  });

  describe('WebSocket upgrade', () => {
    test.each(['websocket', 'WebSocket', 'websocket/13', 'h2c, websocket'])(
      'from another site, by Upgrade: %s, is a 403',
      async (upgrade) => {
        const { site, browser } = await signedIn(framework);
        expectProblem(await browser.get('/private', { ...WEBSOCKET, upgrade }), 403, 'cross-origin');
        expect(site.store.calls).toEqual([]);
      },
    );

    test.each([
      ['Sec-Fetch-Site', fetchMetadata('same-origin', 'websocket', 'empty')],
      ['Origin', origin(OWN)],
    ])('from our own page, by %s', async (_, headers) => {
      const { browser } = await signedIn(framework);
      expect((await browser.get('/private', { ...WEBSOCKET, 'sec-fetch-site': null, ...headers })).status).toBe(200);
    });
  });

  test('OPS-4: what is refused is told with where it came from, and once', async () => {
    const { site, browser } = await signedIn(framework);
    const told: unknown[] = [];
    site.sessions.on('request.refused', ({ reason, action, by, device }) =>
      told.push([reason, action, by, device?.ip]),
    );
    const headers = fetchMetadata('cross-site');
    await browser.post('/sessions/sign-out?secret=1', headers);
    await site.browser().post('/sign-in?user=alice', headers);
    await browser.post('/renew', headers);
    expect(told).toEqual([
      ['cross-origin', 'POST /sessions', null, '127.0.0.1'],
      ['cross-origin', 'POST /sign-in', null, '127.0.0.1'],
      ['cross-origin', 'POST /renew', null, '127.0.0.1'],
    ]);
  });

  test('a public page sees no user, and works', async () => {
    const { browser } = await signedIn(framework);
    expect((await browser.post('/public', fetchMetadata('cross-site'))).json).toEqual({ user: null });
  });

  test('without a cookie nothing is authenticated by one: 401', async () => {
    const site = await open(framework);
    expectProblem(await site.browser().post('/private', fetchMetadata('cross-site')), 401, 'session-required');
  });

  test.each<[string, (auth: Auth) => unknown]>([
    ['signOut', (auth) => auth.signOut()],
    ['signOutOthers', (auth) => auth.signOutOthers()],
    ['signOutEverywhere', (auth) => auth.signOutEverywhere()],
    ['renew', (auth) => auth.renew()],
    ['signIn', (auth) => auth.signIn({ user: 'mallory', verify: () => true })],
    ['reauthenticate', (auth) => auth.reauthenticate({ verify: () => true })],
  ])('what changes something is refused behind a link of another site too: %s', async (_, act) => {
    const page: Page = { method: 'get', path: '/link', run: ({ auth }) => act(auth()) };
    const site = await open(framework, { pages: [page] });
    const browser = site.browser();
    await browser.signIn('alice');
    site.store.forget();
    const answer = await browser.get('/link', fetchMetadata('cross-site', 'navigate', 'document'));
    expect(answer).toMatchObject({ status: 403, setCookies: [] });
    expect(site.store.calls).toEqual(['find']);
    expect((await browser.get('/private')).json).toMatchObject({ user: 'alice' });
  });

  test('CSR-7: every answer of the library varies by the origin of the request', async () => {
    const { browser } = await signedIn(framework);
    for (const path of ['/sessions', `/sessions/${'x'.repeat(22)}`]) {
      expect((await browser.get(path)).headers.vary).toContain('Sec-Fetch-Site, Origin');
    }
  });

  test.each([
    ['a string', OWN],
    ['a path', [`${OWN}/`]],
    ['no scheme', ['app.example.org']],
    ['a wildcard', ['https://*.example.org']],
    ['null', ['null']],
    ['capitals', ['https://APP.example.org']],
    ['no text', [1]],
  ])('origins that are %s are refused at start-up', async (_, origins) => {
    await expect(open(framework, { authentication: { origins: origins as string[] } })).rejects.toThrow(TypeError);
  });
}
