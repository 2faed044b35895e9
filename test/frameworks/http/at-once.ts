import { describe, expect, test } from 'vitest';
import { expectProblem, expectSignedOut } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE, open, type Site } from './site.ts';

/**
 * Tests stores that answer synchronously: requests then go on synchronously, too. In all other tests of this folder,
 * the store answers later.
 */
export function atOnce(framework: Framework): void {
  describe.each([true, false])('at once: %s', (isAtOnce) => {
    const start = async (): Promise<Site> => {
      const site = await open(framework, { authentication: { loginUrl: '/login' } });
      site.store.atOnce = isAtOnce;
      return site;
    };

    test('lets requests with a live session pass', async () => {
      const { browser, sessions } = await start();
      const alice = browser();
      const id = await alice.signIn('alice');
      expect((await alice.get('/private')).json).toEqual({ user: 'alice', id });
      expect((await alice.get('/public')).json).toEqual({ user: 'alice' });
      expectSignedOut(await browser().get('/private'));
      await sessions.revoke({ user: 'alice' });
      expect((await alice.get('/private')).json).toMatchObject({ status: 401, reason: 'revoked' });
    });

    test('of several cookies, exactly one live one counts (CKE-14)', async () => {
      const { browser } = await start();
      const [alice, bob, other] = [browser(), browser(), browser()];
      await alice.signIn('alice');
      await bob.signIn('bob');
      const cookies = (...all: readonly string[]): { cookie: string } => ({ cookie: all.join('; ') });
      const one = await other.get('/private', cookies(`${COOKIE}=junk`, alice.session));
      expect(one.json).toMatchObject({ user: 'alice' });
      expectSignedOut(await other.get('/private', cookies(alice.session, bob.session)));
      expectSignedOut(await other.get('/private', cookies(`${COOKIE}=junk`, `${COOKIE}=more`)));
    });

    test.each(['throws', 'garbles'] as const)(
      'a store that %s is an outage: 503, and no user is signed out',
      async (state) => {
        const { browser, store } = await start();
        const alice = browser();
        await alice.signIn('alice');
        store.state = state;
        const answer = await alice.get('/private');
        expectProblem(answer, 503, 'store-unavailable');
        expect(answer.setCookies).toEqual([]);
        expect((await alice.get('/public')).status).toBe(503);
        expect((await alice.get('/home')).json).toEqual({ welcome: true });
        store.state = 'answers';
        expect((await alice.get('/private')).status).toBe(200);
      },
    );
  });
}
