import { describe, expect, test } from 'vitest';
import { type Answer, type Browser, FIREFOX_ON_WINDOWS, NAVIGATION } from './browser.ts';
import { expectSignedOut } from './expectations.ts';
import type { Framework } from './framework.ts';
import { postPage } from './pages.ts';
import { COOKIE, open } from './site.ts';

/** Requests that give the browser a cookie. */
const KEEPING: Readonly<Record<string, (browser: Browser) => Promise<Answer>>> = {
  'a sign-in': (browser) => browser.post('/sign-in'),
  'a renewal': (browser) => browser.post('/renew'),
  'a new authentication': (browser) => browser.post('/reauthenticate'),
  'the end of the others': (browser) => browser.post('/sessions/sign-out-others'),
  'a changed password': (browser) => browser.post('/trigger?name=passwordChanged'),
};

/** Requests that take the cookie away. */
const LEAVING: Readonly<Record<string, (browser: Browser, id: string) => Promise<Answer>>> = {
  'a sign-out': (browser) => browser.post('/sessions/sign-out'),
  'the sign-out of a form': (browser) => browser.post('/sessions/sign-out', NAVIGATION),
  'a sign-out everywhere': (browser) => browser.post('/sessions/sign-out-everywhere'),
  'the end of one’s own': (browser, id) => browser.delete(`/sessions/${id}`),
  'a sign-out by a page of the app': (browser) => browser.post('/sign-out'),
  'a reset password': (browser) => browser.post('/trigger?name=passwordReset'),
};

const ASKED_FOR = '"cache", "cookies", "storage"';

export function clearSiteData(framework: Framework): void {
  test.each(Object.entries(KEEPING))(
    'LGO-3: %s does not send it, or the new cookie would be gone as well',
    async (_, act) => {
      const browser = (await open(framework)).browser();
      await browser.signIn('alice');
      const before = browser.session;
      const { headers } = await act(browser);
      expect(headers).not.toHaveProperty('clear-site-data');
      expect(browser.session).not.toBe(before);
      expect((await browser.get('/private')).status).toBe(200);
    },
  );

  test.each(Object.entries(LEAVING))(
    'LGO-2, LGO-4: %s does not send it unasked, for it would clear sister sites too',
    async (_, act) => {
      const browser = (await open(framework)).browser();
      const id = await browser.signIn('alice');
      const { headers } = await act(browser, id);
      expect(headers).not.toHaveProperty('clear-site-data');
      expect(browser.cookie(COOKIE)).toBeNull();
    },
  );

  describe('with clearSiteData', () => {
    const authentication = { clearSiteData: ['cache', 'storage', 'cache', 'executionContexts'] } as const;

    test.each(Object.entries(LEAVING))('LGO-2: %s sends it, each value once and in quotes', async (_, act) => {
      const browser = (await open(framework, { authentication })).browser();
      const { headers, setCookies } = await act(browser, await browser.signIn('alice'));
      expect(headers['clear-site-data']).toBe('"cache", "storage", "executionContexts"');
      expect(setCookies).toEqual([expect.stringMatching(`^${COOKIE}=; .*Max-Age=0`)]);
    });

    test.each(Object.entries(KEEPING))('%s does not send it', async (_, act) => {
      const browser = (await open(framework, { authentication })).browser();
      await browser.signIn('alice');
      expect((await act(browser)).headers).not.toHaveProperty('clear-site-data');
    });

    test('a refusal does not send it, nor does a sign-out without a session', async () => {
      const { browser: open_, sessions } = await open(framework, { authentication });
      const browser = open_();
      await browser.signIn('alice');
      await sessions.revoke({ user: 'alice' });
      const stranger = open_();
      for (const answer of [await browser.get('/private'), await stranger.post('/sign-out')]) {
        expect(answer.headers).not.toHaveProperty('clear-site-data');
      }
    });
  });

  test('a sign-out that comes too late does not send it: the browser may have signed in again', async () => {
    let revoke = async (): Promise<unknown> => expect.fail('the site is open first');
    const page = postPage('/late', async ({ auth }) => {
      const { session } = auth();
      await revoke();
      const { ended } = await auth().signOut();
      return { was: session?.user, ended };
    });
    const site = await open(framework, { authentication: { clearSiteData: ['cache'] }, pages: [page] });
    revoke = () => site.sessions.revoke({ user: 'alice' });
    const browser = site.browser();
    await browser.signIn('alice');
    const { headers, json, setCookies } = await browser.post('/late');
    expect(json).toEqual({ was: 'alice', ended: false });
    expect([headers['clear-site-data'], setCookies]).toEqual([undefined, []]);
  });

  test('LGO-2: an app that wants it says so, and it arrives in its quotes beside the deletion', async () => {
    const page = postPage('/leave', async ({ auth, addHeader }) => {
      addHeader('clear-site-data', ASKED_FOR);
      await auth().signOut();
    });
    const browser = (await open(framework, { pages: [page] })).browser();
    await browser.signIn('alice');
    const { headers, setCookies } = await browser.post('/leave');
    expect(headers['clear-site-data']).toBe(ASKED_FOR);
    expect(setCookies).toEqual([expect.stringMatching(`^${COOKIE}=; .*Max-Age=0`)]);
  });

  describe('LGO-5: what a client does with the answer does not matter, over http and to one that obeys nothing', () => {
    test.each(Object.entries(LEAVING))('%s', async (_, act) => {
      const { browser: open_ } = await open(framework);
      const [browser, deaf] = [open_(), open_(FIREFOX_ON_WINDOWS)];
      const id = await browser.signIn('alice');
      const cookie = browser.session;
      await act(browser, id);
      for (const path of ['/private', '/sessions']) {
        expect((await deaf.get(path, { cookie })).status).toBe(401);
      }
      expectSignedOut(await browser.get('/private'));
    });
  });
}
