import { describe, expect, test } from 'vitest';
import type { Answer, Browser } from './browser.ts';
import type { Framework } from './framework.ts';
import { MINUTE, open, type SiteOptions } from './site.ts';

/** Realm names that try to break out of the challenge's quotes. */
const REALMS = [
  'default',
  'a"b, Bearer x\\é',
  'x" error="invalid_token',
  '" , Basic realm="',
  'ünïcode, “quoted”',
  '"',
];

/** Requests that are answered with a challenge for a sign-in, or for a recent one. */
const CHALLENGED: Readonly<Record<string, (browser: Browser) => Promise<Answer>>> = {
  'no session': (browser) => browser.get('/private', { cookie: null }),
  'no session, thrown': (browser) => browser.get('/unguarded', { cookie: null }),
  'no session, on the routes': (browser) => browser.get('/sessions', { cookie: null }),
  'no recent sign-in': (browser) => browser.get('/recent'),
  'no second factor': (browser) => browser.get('/recent-otp'),
};

/** The grammar of RFC 9110 11.6.1, limited to the characters that RFC 6750 3 allows. */
const CHALLENGE = /^Session (?:[a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(?:, (?!$)|$))+$/;

export function challenges(framework: Framework): void {
  describe('ERR-1, ERR-4: a 401 has one challenge, its parameters stand there once, and none breaks out of its quotes', () => {
    test.each(REALMS)('in the realm %j', async (realm) => {
      const options: SiteOptions = { sessions: { realm }, authentication: { cookie: { name: '__Host-s' } } };
      const { clock, browser: open_ } = await open(framework, options);
      const browser = open_();
      await browser.signIn('alice');
      clock.advance(6 * MINUTE);
      for (const ask of Object.values(CHALLENGED)) {
        const { status, headers } = await ask(browser);
        expect(status).toBe(401);
        const challenge = headers['www-authenticate'] ?? '';
        expect(challenge).toMatch(CHALLENGE);
        const names = [...challenge.matchAll(/([a-z_]+)=/g)].map(([, name]) => name);
        expect(new Set(names).size, challenge).toBe(names.length);
        expect(challenge).toContain(`Session realm="${encodeURIComponent(realm)}"`);
      }
    });
  });

  test('ERR-3: without a credential a challenge says nothing of an error', async () => {
    const browser = (await open(framework)).browser();
    for (const path of ['/private', '/unguarded', '/sessions', '/recent', '/recent-otp', '/people-only']) {
      expect((await browser.get(path)).headers['www-authenticate']).toBe('Session realm="default"');
    }
  });

  test('nothing but a 401 has one', async () => {
    const browser = (await open(framework)).browser();
    await browser.signIn('alice');
    for (const path of ['/private', '/sessions', '/sessions?user=bob', '/sessions?limit=0', '/sessions/sign-out']) {
      expect((await browser.get(path)).headers).not.toHaveProperty('www-authenticate');
    }
  });
}
