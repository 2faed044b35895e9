import { describe, expect, test } from 'vitest';
import { type Browser, NAVIGATION, ORIGIN, sendRaw } from './browser.ts';
import { expectUncached } from './expectations.ts';
import type { Framework } from './framework.ts';
import { open, type SiteOptions } from './site.ts';

const FORM = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' };

const REFUSED: readonly string[] = [
  '//evil.example',
  '///evil.example',
  '//localhost/a',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\\/evil.example',
  'https://evil.example/',
  'https:evil.example',
  'https:/evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  'evil.example',
  '@evil.example',
  '.evil.example',
  '?returnTo=x',
  '#x',
  '',
  ' /a',
  '/a b',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\nSet-Cookie: a=b',
  '\t//evil.example',
  '/\u0000',
  '/\u007f',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/a/.././/evil.example',
  '/%2e//evil.example',
  '/%2E%2e//evil.example',
  '/./\\evil.example',
  `/${'a'.repeat(2048)}`,
];

/** Return paths with the locations that they lead to. All stay on the host, because nothing is decoded on the way. */
const KEPT: Readonly<Record<string, string>> = {
  '/': '/',
  '/a?b=c&d=%26#e': '/a?b=c&d=%26#e',
  '/%5Cevil.example': '/%5Cevil.example',
  '/%2F%2Fevil.example': '/%2F%2Fevil.example',
  '/%09/evil.example': '/%09/evil.example',
  '/%0d%0aSet-Cookie:a=b': '/%0d%0aSet-Cookie:a=b',
  '/@evil.example': '/@evil.example',
  '/:80': '/:80',
  '/a/../b': '/b',
  '/a//b': '/a//b',
  '/?next=https://evil.example': '/?next=https://evil.example',
  '/é\u00a0\u2028': '/%C3%A9%C2%A0%E2%80%A8',
  '/\uff0f\uff0fevil.example': '/%EF%BC%8F%EF%BC%8Fevil.example',
};

export function redirects(framework: Framework): void {
  const signedIn = async (options: SiteOptions = {}): Promise<Browser> => {
    const browser = (await open(framework, { authentication: { loginUrl: '/login' }, ...options })).browser();
    await browser.signIn('alice');
    return browser;
  };
  const signOut = async (returnTo: string): Promise<string> => {
    const body = new URLSearchParams({ returnTo }).toString();
    const answer = await (await signedIn()).post('/sessions/sign-out', FORM, body);
    expect(answer).toMatchObject({ status: 303, text: '' });
    expectUncached(answer);
    const { location = '' } = answer.headers;
    expect(new URL(location, ORIGIN).origin, location).toBe(ORIGIN);
    return location;
  };

  describe('the form of a page is sent on to its field returnTo, which never leaves the host', () => {
    test.each(REFUSED)('refused: %j', async (path) => expect(await signOut(path)).toBe('/login'));
    test.each(Object.entries(KEPT))('kept: %j', async (path, location) => expect(await signOut(path)).toBe(location));
  });

  test.each(['sign-out-others', 'sign-out-everywhere'])('POST /%s does so too', async (path) => {
    const answer = await (await signedIn()).post(`/sessions/${path}`, FORM, 'returnTo=%2Fdevices');
    expect(answer).toMatchObject({ status: 303, headers: { location: '/devices' } });
  });

  test('without returnTo and a login path, to the front page', async () => {
    const answer = await (await signedIn({ authentication: {} })).post('/sessions/sign-out', FORM);
    expect(answer.headers.location).toBe('/');
  });

  test('a script gets 204 instead', async () => {
    const headers = { 'content-type': FORM['content-type'] as string };
    const answer = await (await signedIn()).post('/sessions/sign-out', headers, 'returnTo=%2Fbye');
    expect(answer).toMatchObject({ status: 204, text: '' });
  });

  describe('the way to the login page', () => {
    test.each([
      // A `Request` of it contains only the path, which is on this host.
      ['http://evil.example/private', ['/', '/private']],
      ['//evil.example/private', ['/']],
      ['/private?next=//evil.example', ['/private?next=//evil.example']],
    ])('from a request line of %s comes back to %s', async (target, returnTo) => {
      const page = { method: 'get', path: '*', guard: {}, run: () => null } as const;
      const { url } = await open(framework, { pages: [page], authentication: { loginUrl: '/login' } });
      const raw = `GET ${target} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Dest: document\r\nConnection: close\r\n\r\n`;
      const answer = await sendRaw(url, raw);
      const [, location = ''] = /^location: (.*)\r$/im.exec(answer) ?? [];
      expect(returnTo).toContain(new URL(location, ORIGIN).searchParams.get('returnTo'));
    });

    test('is asked of the app, where it is a function of the request', async () => {
      const loginUrl = ({ header }: { header(name: string): string | undefined }): string =>
        `https://${header('host')}/login`;
      const { browser } = await open(framework, { authentication: { loginUrl } });
      const answer = await browser().get('/private', { ...NAVIGATION, host: 'shop.example' });
      expect(answer.headers.location).toBe('https://shop.example/login?returnTo=%2Fprivate');
    });

    test.each(['https://evil.example', '//evil.example', 'login', '', '/\\evil', '/login#top', 7])(
      'of %j is refused at start-up',
      async (path) => {
        await expect(open(framework, { authentication: { loginUrl: path as string } })).rejects.toThrow(TypeError);
      },
    );
  });
}
