import { describe, expect, test } from 'vitest';
import { NAVIGATION } from './browser.ts';
import { expectProblem, expectSignedOut, expectUncached } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE, DAY, open } from './site.ts';
import { tokenOfElsewhere } from './tokens.ts';

export function guards(framework: Framework): void {
  test('let requests with a session pass, and give the session to the page', async () => {
    const browser = (await open(framework)).browser();
    const id = await browser.signIn('alice');
    expect((await browser.get('/private')).json).toEqual({ user: 'alice', id });
    expect((await browser.get('/unguarded')).json).toEqual({ user: 'alice', id });
    expect((await browser.get('/public')).json).toEqual({ user: 'alice' });
  });

  describe('no session where one is required', () => {
    test('API: 401, application/problem+json, WWW-Authenticate, Cache-Control: no-store (ERR-1, ERR-3, ERR-7)', async () => {
      const answer = await (await open(framework)).browser().get('/private');
      expectSignedOut(answer);
      expect(answer.json).not.toHaveProperty('reason');
      expect(answer.headers['www-authenticate']).toBe('Session realm="default"');
    });

    test('sessionOf throws 401 through the framework, with a challenge too (ERR-1)', async () => {
      const answer = await (await open(framework)).browser().get('/unguarded');
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Session realm="default"');
    });

    test('public pages work', async () => {
      expect((await (await open(framework)).browser().get('/public')).json).toEqual({ user: null });
    });

    describe('page navigation', () => {
      const authentication = { loginUrl: '/login' };

      test.each([
        ['GET with Sec-Fetch-Dest: document', NAVIGATION],
        ['without that header, Accept: text/html', { accept: 'text/html', 'sec-fetch-dest': null }],
      ])('%s: 303 to the login path, with a same-origin return path', async (_, headers) => {
        const answer = await (await open(framework, { authentication })).browser().get('/private?tab=2&x=%26', headers);
        expect(answer.status).toBe(303);
        expect(answer.headers.location).toBe('/login?returnTo=%2Fprivate%3Ftab%3D2%26x%3D%2526');
        expectUncached(answer);
      });

      test.each([
        ['a frame', { ...NAVIGATION, 'sec-fetch-dest': 'iframe' }],
        ['a script that accepts HTML', { accept: 'text/html', 'sec-fetch-dest': 'empty' }],
        ['neither header', { accept: null, 'sec-fetch-dest': null }],
      ])('%s is answered as a program: 401', async (_, headers) => {
        const browser = (await open(framework, { authentication })).browser();
        expectSignedOut(await browser.get('/private', headers));
      });

      test('a form: 303 to the login path, and not back to what cannot be asked for by a link', async () => {
        const answer = await (await open(framework, { authentication })).browser().post('/private', NAVIGATION);
        expect(answer.status).toBe(303);
        expect(answer.headers.location).toBe('/login');
        expectUncached(answer);
      });

      test('HEAD is answered 401, without a body', async () => {
        const answer = await (await open(framework, { authentication }))
          .browser()
          .request('HEAD', '/private', NAVIGATION);
        expect(answer).toMatchObject({ status: 401, text: '' });
        expect(answer.headers['www-authenticate']).toBeDefined();
      });

      test('without a login path a page gets 401 like a program', async () => {
        expectSignedOut(await (await open(framework)).browser().get('/private', NAVIGATION));
      });
    });
  });

  describe('session ended or revoked, and the secret matched: the same with a coarse reason, as often as it is asked; the cookie stays', () => {
    test.each(['ended', 'revoked', 'expired'])('%s', async (reason) => {
      const site = await open(framework, { authentication: { loginUrl: '/login' } });
      const [script, page] = [site.browser(), site.browser()];
      const ids = [await script.signIn('alice'), await page.signIn('alice')];
      if (reason === 'ended') for (const id of ids) await site.sessions.end(id, { user: 'alice', by: 'admin-7' });
      if (reason === 'revoked') await site.sessions.revoke({ user: 'alice' }, { by: 'admin-7', reason: 'stolen' });
      if (reason === 'expired') site.clock.advance(14 * DAY);

      for (let time = 0; time < 2; time++) {
        const answer = await script.get('/private');
        expectSignedOut(answer);
        expect(answer.json).toHaveProperty('reason', reason);
        expect(answer.text).not.toMatch(/admin-7|stolen|alice/);
      }

      const redirect = await page.get('/private', NAVIGATION);
      const location = `/login?returnTo=%2Fprivate&reason=${reason}`;
      expect(redirect).toMatchObject({ status: 303, headers: { location }, setCookies: [] });
    });
  });

  describe('unknown, or superseded by renewal or replacement: 401; the cookie stays', () => {
    test('unknown', async () => {
      const browser = (await open(framework)).browser();
      const cookie = `${COOKIE}=${await tokenOfElsewhere('alice')}`;
      expectSignedOut(await browser.get('/private', { cookie }));
    });

    test('superseded by renewal', async () => {
      const browser = (await open(framework)).browser();
      await browser.signIn('alice');
      const cookie = browser.session;
      await browser.post('/renew');
      const answer = await browser.get('/private', { cookie });
      expectSignedOut(answer);
      expect(answer.json).not.toHaveProperty('reason');
      expect((await browser.get('/private')).status).toBe(200);
    });

    test('superseded by replacement', async () => {
      const site = await open(framework, { sessions: { replace: 'same-browser' } });
      const [older, newer] = [site.browser(), site.browser()];
      await older.signIn('alice');
      await newer.signIn('alice');
      expectSignedOut(await older.get('/private'));
      expect((await newer.get('/private')).status).toBe(200);
    });
  });

  test('ERR-5: let pass only the kinds that are named: 403, and the session lives on', async () => {
    const site = await open(framework);
    const [person, machine] = [site.browser(), site.browser()];
    await person.signIn('alice', '&kind=remembered');
    await machine.signIn('alice', '&kind=api');
    expect((await person.get('/people-only')).status).toBe(200);
    const refused = await machine.get('/people-only');
    expectProblem(refused, 403, 'forbidden');
    expect(refused.setCookies).toEqual([]);
    expect((await machine.get('/private')).status).toBe(200);
    expectSignedOut(await site.browser().get('/people-only'));
  });

  test.each([{ kinds: 'browser' }, { kinds: [1] }, { kind: ['browser'] }, { noStore: 'yes' }])(
    'refuse to be made with %j',
    async (guard) => {
      const page = { method: 'get', path: '/wrong', guard: guard as object, run: () => null } as const;
      await expect(open(framework, { pages: [page] })).rejects.toThrow(TypeError);
    },
  );
}
