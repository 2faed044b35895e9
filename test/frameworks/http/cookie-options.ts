import { describe, expect, test } from 'vitest';
import type { CookieOptions } from '../../../adapters/frameworks/http/index.ts';
import type { Framework } from './framework.ts';
import { open } from './site.ts';

const lineOf = async (framework: Framework, cookie: CookieOptions): Promise<string | undefined> => {
  const { browser } = await open(framework, { authentication: { cookie } });
  const [line] = (await browser().post('/sign-in')).setCookies;
  return line?.replace(/=sr1\.[\w.-]+/, '=TOKEN');
};

export function cookieOptions(framework: Framework): void {
  test.each<[string, CookieOptions, string]>([
    ['CKE-1: by default', {}, '__Host-default-session=TOKEN; Path=/; HttpOnly; SameSite=Lax; Secure'],
    [
      'CKE-4: strict',
      { sameSite: 'strict' },
      '__Host-default-session=TOKEN; Path=/; HttpOnly; SameSite=Strict; Secure',
    ],
    ['CKE-4: none', { sameSite: 'none' }, '__Host-default-session=TOKEN; Path=/; HttpOnly; SameSite=None; Secure'],
    [
      'CKE-2: shared by hosts',
      { domain: 'example.org' },
      '__Secure-default-session=TOKEN; Path=/; HttpOnly; SameSite=Lax; Domain=example.org; Secure',
    ],
    ['with a path', { path: '/' }, '__Host-default-session=TOKEN; Path=/; HttpOnly; SameSite=Lax; Secure'],
    ['on localhost', { secure: false }, 'default-session=TOKEN; Path=/; HttpOnly; SameSite=Lax'],
    ['CKE-13: __Http-', { name: '__Http-s' }, '__Http-s=TOKEN; Path=/; HttpOnly; SameSite=Lax; Secure'],
    [
      'CKE-13: __Http-, shared by hosts',
      { name: '__Http-s', domain: 'example.org' },
      '__Http-s=TOKEN; Path=/; HttpOnly; SameSite=Lax; Domain=example.org; Secure',
    ],
    ['CKE-13: __Host-Http-', { name: '__Host-Http-s' }, '__Host-Http-s=TOKEN; Path=/; HttpOnly; SameSite=Lax; Secure'],
  ])('%s', async (_, options, line) => expect(await lineOf(framework, options)).toBe(line));

  test('CKE-2: with a path of its own it cannot be __Host-', async () => {
    const { browser: open_ } = await open(framework, { authentication: { cookie: { path: '/private' } } });
    const answer = await open_().post('/sign-in');
    expect(answer.setCookies[0]).toMatch(/^__Secure-default-session=[^;]+; Path=\/private; /);
  });

  test('CKE-6: name and value never exceed 4096 octets: the longest name has 128', async () => {
    const name = `__Host-${'s'.repeat(121)}`;
    const line = await lineOf(framework, { name });
    expect(line).toMatch(new RegExp(`^${name}=TOKEN; `));
    const { browser } = await open(framework, { authentication: { cookie: { name } } });
    const account = 'a'.repeat(256);
    const [pair = ''] = (await browser().post(`/sign-in?account=${account}`)).setCookies[0]?.split(';') ?? [];
    expect(pair.length).toBeGreaterThan(name.length + 100);
    expect(pair.length).toBeLessThanOrEqual(4096);
  });

  describe('CKE-1, CKE-2, CKE-4, CKE-6, CKE-13: contradictions are a TypeError at start-up', () => {
    test.each<[string, unknown]>([
      ['__Host- with a domain', { name: '__Host-s', domain: 'example.org' }],
      ['__Host- with a path', { name: '__Host-s', path: '/app' }],
      ['__Host- without Secure', { name: '__Host-s', secure: false }],
      ['__Secure- without Secure', { name: '__Secure-s', secure: false }],
      ['__Http- without Secure', { name: '__Http-s', secure: false }],
      ['__Host-Http- with a domain', { name: '__Host-Http-s', domain: 'example.org' }],
      ['__Host-Http- with a path', { name: '__Host-Http-s', path: '/app' }],
      ['a prefix in another case', { name: '__host-s' }],
      ['SameSite=None without Secure', { sameSite: 'none', secure: false }],
      ['SameSite that is none', { sameSite: 'loose' }],
      ['SameSite in another case', { sameSite: 'Lax' }],
      ['a name that is no token', { name: 'a b' }],
      ['an empty name', { name: '' }],
      ['a name that is too long', { name: 's'.repeat(129) }],
      ['a name with attributes', { name: 's=1; Domain=evil.example' }],
      ['a domain with attributes', { domain: 'example.org; SameSite=None' }],
      ['a path with attributes', { path: '/; Domain=evil.example' }],
      ['a path that is none', { path: 'app' }],
      ['Secure that is no boolean', { secure: 'yes' }],
      ['an unknown option', { httpOnly: false }],
      ['a lifetime of its own', { maxAge: 60 }],
      ['something else', 'session'],
    ])('%s', async (_, cookie) => {
      await expect(open(framework, { authentication: { cookie: cookie as CookieOptions } })).rejects.toThrow(TypeError);
    });

    test.each([{ maxAge: 60 }, { expires: new Date(0) }])('%o is told where the lifetime is set', async (cookie) => {
      const opened = open(framework, { authentication: { cookie: cookie as CookieOptions } });
      await expect(opened).rejects.toThrow(/it ends with the session; see lifetime of createSessions/);
    });

    test('a realm that fits into no name', async () => {
      await expect(open(framework, { sessions: { realm: 'our buyers' } })).rejects.toThrow(/cookie\.name/);
    });
  });
}
