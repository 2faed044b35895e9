import { describe, expect, test } from 'vitest';
import { type Browser, CHROME_ON_MAC, type Headers } from './browser.ts';
import { expectSignedOut, rowsOf } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE, open, type SiteOptions } from './site.ts';

const DEVICE = '__Host-default-device';

export function devices(framework: Framework): void {
  /** Returns the device that a sign-in with these headers has in the list. */
  const deviceOf = async (headers: Headers, options: SiteOptions = {}): Promise<unknown> => {
    const browser = (await open(framework, options)).browser();
    await browser.post('/sign-in', headers);
    return rowsOf(await browser.get('/sessions'))[0]?.device;
  };

  describe('the address (DEV-6)', () => {
    const forwarded = {
      'x-forwarded-for': '203.0.113.9, 198.51.100.7',
      forwarded: 'for=203.0.113.9',
      'x-real-ip': '203.0.113.9',
    };

    test('is the socket’s, not that of a header', async () => {
      expect(await deviceOf(forwarded)).toMatchObject({ ip: '127.0.0.1' });
    });

    test('is the one that the proxy saw, where the framework trusts that proxy', async () => {
      expect(await deviceOf(forwarded, { trustedProxy: '127.0.0.1' })).toMatchObject({ ip: '198.51.100.7' });
    });

    test('that is none is left out, and fails nothing', async () => {
      const hostile = { 'x-forwarded-for': '<script>alert(1)</script>' };
      expect(await deviceOf(hostile, { trustedProxy: '127.0.0.1' })).toMatchObject({ ip: null });
    });
  });

  describe('the label', () => {
    test('DEV-1, DEV-4: is read from the low-entropy hints before the User-Agent', async () => {
      const hints = {
        'sec-ch-ua': '"Not;A Brand";v="99", "Microsoft Edge";v="139", "Chromium";v="139"',
        'sec-ch-ua-mobile': '?0',
        'sec-ch-ua-platform': '"Windows"',
      };
      expect(await deviceOf(hints)).toMatchObject({ label: 'Edge on Windows', type: 'desktop' });
    });

    test.each<[string, Headers]>([
      ['nothing', { 'user-agent': null }],
      ['a huge text', { 'user-agent': 'x'.repeat(10_000) }],
      ['markup', { 'user-agent': '<img src=x onerror=alert(1)>' }],
      [
        'broken hints',
        { 'user-agent': CHROME_ON_MAC, 'sec-ch-ua': '"', 'sec-ch-ua-platform': '"<b>"', 'sec-ch-ua-mobile': '?' },
      ],
      ['doubled hints', { 'user-agent': CHROME_ON_MAC, 'sec-ch-ua-platform': ['"Windows"', '"Linux"'] }],
    ])('DEV-3: of %s is short and harmless', async (_, headers) => {
      const device = await deviceOf(headers);
      expect(device).toMatchObject({ label: expect.stringMatching(/^[\w .+-]{1,64}$/) });
    });

    test('DEV-4: nothing asks the browser for more than it sends by itself', async () => {
      const browser = (await open(framework)).browser();
      for (const answer of [
        await browser.get('/private'),
        await browser.post('/sign-in'),
        await browser.get('/sessions'),
      ]) {
        expect(answer.headers).not.toHaveProperty('accept-ch');
        expect(answer.headers).not.toHaveProperty('critical-ch');
      }
    });
  });

  test('DEV-5: another address, browser or hint does not end a session, and none makes one', async () => {
    const site = await open(framework, { trustedProxy: '127.0.0.1', sessions: { replace: 'same-device' } });
    const [browser, thief] = [site.browser(), site.browser()];
    await browser.signIn('alice');
    const changed = { 'user-agent': 'curl/8.9.1', 'x-forwarded-for': '203.0.113.9', 'sec-ch-ua-platform': '"Linux"' };
    expect((await browser.get('/private', changed)).status).toBe(200);
    expectSignedOut(await thief.get('/private', { cookie: `${DEVICE}=${browser.cookie(DEVICE)}` }));
  });

  describe("replace: 'same-device'", () => {
    const options = { sessions: { replace: 'same-device' } } as const;
    const drop = (browser: Browser): void => {
      browser.jar.setCookieSync(`${COOKIE}=; Path=/; Secure; Max-Age=0`, 'https://app.example.org');
    };

    test('knows the browser again by a cookie of its own, also when the session’s is gone', async () => {
      const site = await open(framework, options);
      const [browser, other] = [site.browser(), site.browser()];
      await other.signIn('alice');
      const { setCookies } = await browser.post('/sign-in');
      expect(setCookies).toHaveLength(2);
      const line = setCookies.find((cookie) => cookie.startsWith(DEVICE));
      expect(line).toMatch(
        /^__Host-default-device=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=34560000$/,
      );

      const device = browser.cookie(DEVICE);
      const cookie = browser.session;
      drop(browser);
      await browser.signIn('alice');
      expect(browser.cookie(DEVICE)).toBe(device);
      expectSignedOut(await site.browser().get('/private', { cookie }));
      expect((await other.get('/private')).status).toBe(200);
      expect(rowsOf(await browser.get('/sessions'))).toHaveLength(2);
      expect(site.store.traffic.join()).not.toContain(device);
    });

    test('has the same attributes as the session’s, and never its name', async () => {
      const authentication = { cookie: { name: '__Secure-s', domain: 'example.org' } };
      const { setCookies } = await (await open(framework, { ...options, authentication })).browser().post('/sign-in');
      const [session, device] = ['__Secure-s', '__Secure-default-device'].map((name) =>
        setCookies.find((line) => line.startsWith(`${name}=`))?.replace(/^[^;]+/, ''),
      );
      expect(session).toBe('; Path=/; HttpOnly; SameSite=Lax; Domain=example.org; Secure');
      expect(device).toBe(`${session}; Max-Age=34560000`);
    });

    test('of another user stays', async () => {
      const site = await open(framework, options);
      const browser = site.browser();
      await browser.signIn('alice');
      const cookie = browser.session;
      drop(browser);
      await browser.signIn('bob');
      expect((await site.browser().get('/private', { cookie })).json).toMatchObject({ user: 'alice' });
    });

    test.each(['', 'x', 'A'.repeat(23), '"AAAAAAAAAAAAAAAAAAAAAA"'])(
      'a device cookie of %j is replaced by a new one',
      async (value) => {
        const browser = (await open(framework, options)).browser();
        await browser.post('/sign-in', { cookie: `${DEVICE}=${value}` });
        expect(browser.cookie(DEVICE)).toMatch(/^[\w-]{22}$/);
        expect(browser.cookie(DEVICE)).not.toBe(value);
      },
    );
  });

  test('without it there is no second cookie', async () => {
    expect((await (await open(framework)).browser().post('/sign-in')).setCookies).toHaveLength(1);
  });
}
