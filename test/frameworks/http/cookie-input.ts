import { describe, expect, test } from 'vitest';
import { type Browser, sendRaw } from './browser.ts';
import { expectProblem, expectSignedOut } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE, open } from './site.ts';
import { tokenOfElsewhere } from './tokens.ts';

const WELL_FORMED = `sr1.${'A'.repeat(22)}..${'B'.repeat(22)}.${'C'.repeat(43)}`;
const MALFORMED: Readonly<Record<string, string>> = {
  empty: '',
  short: 'sr1.abc',
  quoted: `"${WELL_FORMED}"`,
  'of another version': WELL_FORMED.replace('sr1', 'sr9'),
  'percent-encoded': WELL_FORMED.replaceAll('.', '%2E'),
  'with SQL': "sr1.' OR 1=1 --",
  'a UUID': '0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b',
  'with one character more': `${WELL_FORMED}C`,
  'an array': `["${WELL_FORMED}"]`,
  'of 10 kB': 'x'.repeat(10_000),
};

export function cookieInput(framework: Framework): void {
  describe('cookie malformed or huge: 401 before the store is asked (SES-5)', () => {
    test.each(Object.entries(MALFORMED))('%s', async (_, value) => {
      const { store, browser } = await open(framework);
      expectSignedOut(await browser().get('/private', { cookie: `${COOKIE}=${value}` }));
      expect(store.calls).toEqual([]);
    });

    test.each([
      ['bytes beyond ASCII', `${COOKIE}=sr1.\u00e9\u00ff`],
      ['no name', '='],
      ['no value', COOKIE],
      ['separators only', ';;; ; =;'],
      ['a name in another case', `${COOKIE.toUpperCase()}=${WELL_FORMED}`],
    ])('a header with %s', async (_, header) => {
      const { url, store } = await open(framework);
      const raw = `GET /private HTTP/1.1\r\nHost: x\r\nCookie: ${header}\r\nConnection: close\r\n\r\n`;
      expect(await sendRaw(url, raw)).toMatch(/^HTTP\/1\.1 401 /);
      expect(store.calls).toEqual([]);
    });

    test('NUL never reaches the store', async () => {
      const { url, store } = await open(framework);
      const raw = `GET /private HTTP/1.1\r\nHost: x\r\nCookie: ${COOKIE}=a\0b\r\nConnection: close\r\n\r\n`;
      expect(await sendRaw(url, raw)).toMatch(/^HTTP\/1\.1 4/);
      expect(store.calls).toEqual([]);
    });
  });

  describe('doubled: up to three are looked at; exactly one live one counts (CKE-14)', () => {
    const signedIn = async (): Promise<{ site: Awaited<ReturnType<typeof open>>; mine: string; other: Browser }> => {
      const site = await open(framework);
      const [browser, other] = [site.browser(), site.browser()];
      await browser.signIn('alice');
      site.store.forget();
      return { site, mine: browser.session, other };
    };
    const bad = `${COOKIE}=${WELL_FORMED}`;

    test('one live among three', async () => {
      const { mine, other, site } = await signedIn();
      const dead = `${COOKIE}=${await tokenOfElsewhere('alice')}`;
      for (const cookie of [`${bad}; ${mine}; ${dead}`, `${mine}; ${dead}`, `${COOKIE}=junk; ${mine}`]) {
        expect((await other.get('/private', { cookie })).json).toMatchObject({ user: 'alice' });
      }
      expect(site.store.count('find')).toBe(6);
    });

    test('the same one twice is one', async () => {
      const { mine, other, site } = await signedIn();
      expect((await other.get('/private', { cookie: `${mine}; ${mine}` })).status).toBe(200);
      expect(site.store.count('find')).toBe(1);
    });

    test('two live ones: neither counts, of one user or of two, and both stay', async () => {
      const { mine, other, site } = await signedIn();
      for (const user of ['alice', 'mallory']) {
        const second = site.browser();
        await second.signIn(user);
        for (const cookie of [`${mine}; ${second.session}`, `${second.session}; ${mine}`]) {
          expectSignedOut(await other.get('/private', { cookie }));
          expect((await other.get('/public', { cookie })).json).toEqual({ user: null });
        }
        expect((await second.get('/private')).status).toBe(200);
      }
    });

    test('two ended ones: nothing is deleted, because the browser might delete either', async () => {
      const { mine, other, site } = await signedIn();
      await site.sessions.revoke({ user: 'alice' });
      for (const cookie of [`${bad}; ${mine}`, `${mine}; ${bad}`]) {
        expectSignedOut(await other.get('/private', { cookie }));
      }
    });

    test('four: none is looked at', async () => {
      const { mine, other, site } = await signedIn();
      const cookie = ['a', 'b', 'c'].map((value) => `${COOKIE}=${value}; `).join('') + mine;
      expectSignedOut(await other.get('/private', { cookie }));
      expect(site.store.calls).toEqual([]);
    });

    test('in two header lines', async () => {
      const { mine, site } = await signedIn();
      const lines = ['GET /private HTTP/1.1', 'Host: x', `Cookie: ${bad}`, `Cookie: ${mine}`, 'Connection: close'];
      expect(await sendRaw(site.url, `${lines.join('\r\n')}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 [\s\S]*"user":"alice"/);
    });
  });

  describe('SES-22: only the cookie is read', () => {
    test.each(['query', 'path', 'Authorization', 'X-Session', 'body'])('not the %s', async (place) => {
      const { store, browser: open_ } = await open(framework);
      const [browser, other] = [open_(), open_()];
      await browser.signIn('alice');
      const [name, token = ''] = browser.session.split('=');
      store.forget();
      const asked = {
        query: () => other.get(`/private?${name}=${token}&token=${token}&access_token=${token}`),
        path: () => other.get(`/private;${name}=${token}`),
        Authorization: () => other.get('/private', { authorization: `Bearer ${token}` }),
        'X-Session': () => other.get('/private', { 'x-session': token, [String(name)]: token }),
        body: () => other.post('/private', { 'content-type': 'application/x-www-form-urlencoded' }, `${name}=${token}`),
      }[place];
      expect([401, 404]).toContain((await asked?.())?.status);
      expect(store.calls).toEqual([]);
    });
  });

  test('SES-3: what a client edits of its cookie changes nothing', async () => {
    const { sessions, browser: open_ } = await open(framework);
    const [browser, other] = [open_(), open_()];
    const id = await browser.signIn('alice');
    const edited = [browser.session.replace(/sr1\.(.)/, (_, first) => `sr1.${first === 'A' ? 'B' : 'A'}`)];
    edited.push(browser.session.replace('..', `.${'A'.repeat(22)}.`), browser.session.replace(/.$/, '!'));
    for (const cookie of edited) expectSignedOut(await other.get('/private', { cookie }));

    await sessions.end(id, { user: 'alice' });
    const answer = await other.get('/private', {
      cookie: `${browser.session}; Max-Age=99999999; Expires=Fri, 1 Jan 2100`,
    });
    expectProblem(answer, 401, 'session-required');
  });
}
