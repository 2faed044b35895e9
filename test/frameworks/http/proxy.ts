import { describe, expect, onTestFinished, test } from 'vitest';
import { CLIENT, PROXY, tlsProxy } from '../support/tls-proxy.ts';
import { Browser, CHROME_ON_MAC, type Headers, NAVIGATION, sendRaw, UNKNOWN_ORIGIN } from './browser.ts';
import { expectProblem, rowsOf } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { COOKIE, open, type Site, type SiteOptions } from './site.ts';

const LINE = /^__Host-default-session=sr1\.[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/;
const VICTIM = '203.0.113.9';

/** A page that tells whether the framework considers the request to have come by https. */
const scheme: Page = { method: 'get', path: '/scheme', run: ({ secure }) => ({ secure }) };

/** Headers that clients and careless proxies send. */
const FORGED: Readonly<Record<string, Headers>> = {
  'an address': { 'x-forwarded-for': VICTIM, 'x-real-ip': VICTIM, forwarded: `for=${VICTIM};proto=https` },
  'two addresses': { 'x-forwarded-for': `${VICTIM}, 198.51.100.7`, forwarded: `for=${VICTIM}, for=198.51.100.7` },
  'two lines': { 'x-forwarded-for': [VICTIM, '198.51.100.7'], 'x-forwarded-proto': ['https', 'http'] },
  https: { 'x-forwarded-proto': 'https', 'x-forwarded-ssl': 'on', 'front-end-https': 'on' },
  'http, though it is https': { 'x-forwarded-proto': 'http', forwarded: 'proto=http' },
  'two schemes': { 'x-forwarded-proto': 'https, http' },
  'another host': { 'x-forwarded-host': 'evil.example', 'x-forwarded-port': '1', forwarded: 'host=evil.example' },
  garbage: { 'x-forwarded-for': 'unknown, <b>, "', 'x-forwarded-proto': '://', forwarded: ';;=,"' },
  nothing: { 'x-forwarded-for': ' , ,', 'x-forwarded-proto': '', forwarded: '' },
  '10 kB': { 'x-forwarded-for': 'x'.repeat(10_000) },
  '10 kB of addresses': { 'x-forwarded-for': `${VICTIM}, `.repeat(770) },
  '10 kB of a scheme': { 'x-forwarded-proto': 'https'.repeat(2_000) },
  '10 kB of Forwarded': { forwarded: `for=${VICTIM}, `.repeat(590) },
};

/** The last of several addresses is the trusted proxy's own claim. A value that is not an address is left out. */
const SAID: readonly (readonly [string, string | null])[] = [
  ['198.51.100.7', '198.51.100.7'],
  [`${VICTIM}, 198.51.100.7`, '198.51.100.7'],
  [`unknown, ${'x'.repeat(10_000)},198.51.100.7`, '198.51.100.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['198.51.100.7:4711', '198.51.100.7'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:4711', '2001:db8::1'],
  // The form in which a socket for IPv4 and IPv6 reports IPv4 addresses.
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['[::FFFF:198.51.100.7]:4711', '198.51.100.7'],
  ['::ffff:1:2', '::ffff:1:2'],
  ['unknown', null],
  ['_hidden', null],
  ['300.1.1.1', null],
  ['198.51.100', null],
  ['198.51.100.7:', null],
  ['1:2', null],
  ['[]', null],
  ['<script>alert(1)</script>', null],
  [`198.51.100.7 ${VICTIM}`, null],
  ['x'.repeat(10_000), null],
  [`[${'['.repeat(10_000)}`, null],
];

/** Opens an app behind a proxy that terminates TLS, and a browser that connects through the proxy. */
async function behindProxy(
  framework: Framework,
  options: SiteOptions,
): Promise<Site & { readonly outside: Browser; readonly outsider: () => Browser }> {
  const site = await open(framework, { ...options, pages: [scheme] });
  const { url, connection, close } = await tlsProxy(site.url);
  onTestFinished(close);
  const outsider = (): Browser => new Browser(url, CHROME_ON_MAC, connection);
  return { ...site, outside: outsider(), outsider };
}

const ipOf = async (browser: Browser): Promise<unknown> => {
  const row = rowsOf(await browser.get('/sessions')).find(({ current }) => current);
  return (row?.device as { ip: unknown } | undefined)?.ip;
};

export function proxy(framework: Framework): void {
  describe.each([
    ['that is trusted', PROXY, CLIENT, true],
    ['that is not trusted', null, PROXY, false],
  ] as const)('that ends TLS, %s', (_, trustedProxy, ip, secure) => {
    test('a session begins, is used, is listed and ends', async () => {
      const { outside } = await behindProxy(framework, { trustedProxy, authentication: { loginUrl: '/login' } });
      const { setCookies, json } = await outside.post('/sign-in');
      expect(setCookies).toEqual([expect.stringMatching(LINE)]);
      expect((await outside.get('/private')).json).toEqual({ user: 'alice', id: json?.id });
      expect(await ipOf(outside)).toBe(ip);
      expect((await outside.get('/scheme')).json).toEqual({ secure });
      const before = outside.session;
      expect((await outside.post('/sessions/sign-out')).status).toBe(204);
      expect(outside.cookie(COOKIE)).toBeNull();
      expectProblem(await outside.get('/private', { cookie: before }), 401, 'session-required');
    });

    test('a page is sent on without a scheme and a host, and so stays where it is', async () => {
      const { outside } = await behindProxy(framework, { trustedProxy, authentication: { loginUrl: '/login' } });
      const answer = await outside.get('/private?a=b', { ...NAVIGATION, 'x-forwarded-host': 'evil.example' });
      expect(answer).toMatchObject({ status: 303, headers: { location: '/login?returnTo=%2Fprivate%3Fa%3Db' } });
    });

    test.each(Object.entries(FORGED))('what a client claims changes nothing: %s', async (_name, forged) => {
      const { outside } = await behindProxy(framework, { trustedProxy });
      const answer = await outside.post('/sign-in', forged);
      expect(answer).toMatchObject({ json: { ok: true }, setCookies: [expect.stringMatching(LINE)] });
      expect(await ipOf(outside)).toBe(ip);
      expect((await outside.get('/scheme', forged)).json).toEqual({ secure });
    });

    test('CSR-6: only configured origins are the app’s own, not the headers of the proxy', async () => {
      const authentication = { origins: ['https://shop.example.org'] };
      const { outside } = await behindProxy(framework, { trustedProxy, authentication });
      await outside.signIn('alice');
      const from = (origin: string): Headers => ({ ...UNKNOWN_ORIGIN, origin, 'x-forwarded-host': 'evil.example' });
      for (const origin of ['https://app.example.org', 'https://evil.example', 'http://shop.example.org']) {
        expectProblem(await outside.post('/private', from(origin)), 403, 'cross-origin');
      }
      expect((await outside.post('/private', from('https://shop.example.org'))).status).toBe(200);
    });

    test('a cookie that is not to be Secure is not made so', async () => {
      const { outside } = await behindProxy(framework, { trustedProxy, authentication: { cookie: { secure: false } } });
      const { setCookies } = await outside.post('/sign-in', { 'x-forwarded-proto': 'https' });
      expect(setCookies).toEqual([
        expect.stringMatching(/^default-session=sr1\.[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
    });
  });

  test('two clients of one proxy have two addresses, and the proxy’s own word is the last', async () => {
    const { outside, outsider, sessions } = await behindProxy(framework, { trustedProxy: PROXY });
    const other = outsider();
    await outside.post('/sign-in', { 'x-forwarded-for': `${VICTIM}, ${PROXY}` });
    await other.post('/sign-in', { 'x-forwarded-for': PROXY });
    const { sessions: rows } = await sessions.list({ user: 'alice' });
    expect(rows.map(({ device }) => device.ip)).toEqual([CLIENT, CLIENT]);
  });

  describe('without a trusted proxy, a client of the app itself', () => {
    test.each(Object.entries(FORGED))('is who the socket says, over http: %s', async (_, forged) => {
      const { url, browser: open_ } = await open(framework, { pages: [scheme] });
      const browser = open_();
      const { setCookies } = await browser.post('/sign-in', forged);
      expect(setCookies).toEqual([expect.stringMatching(LINE)]);
      expect(await ipOf(browser)).toBe('127.0.0.1');
      expect((await browser.get('/scheme', forged)).json).toEqual({ secure: false });
      expect(url).toMatch(/^http:/);
    });
  });

  describe('that is trusted says', () => {
    test.each(SAID)('%s: the address is %j', async (said, ip) => {
      const { browser: open_ } = await open(framework, { trustedProxy: PROXY });
      const browser = open_();
      const answer = await browser.post('/sign-in', { 'x-forwarded-for': said });
      expect(answer).toMatchObject({ status: 200, setCookies: [expect.stringMatching(LINE)] });
      expect(await ipOf(browser)).toBe(ip);
    });

    test.each(Object.entries(FORGED))('nonsense, and the cookie is what it always is: %s', async (_, forged) => {
      const { browser: open_ } = await open(framework, { trustedProxy: PROXY });
      const answer = await open_().post('/sign-in', forged);
      expect(answer).toMatchObject({ status: 200, setCookies: [expect.stringMatching(LINE)] });
    });

    test('bytes beyond ASCII are no reason for a refusal', async () => {
      const { url } = await open(framework, { trustedProxy: PROXY });
      const lines = ['GET /public HTTP/1.1', 'Host: x', 'X-Forwarded-For: \u00e9\u00ff', 'X-Forwarded-Proto: \u00e9'];
      expect(await sendRaw(url, `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    });
  });
}
