import { describe, expect, test } from 'vitest';
import type { SessionRoutesOptions } from '../../../adapters/frameworks/http/index.ts';
import type { Browser } from './browser.ts';
import { expectProblem, rowsOf } from './expectations.ts';
import type { Framework } from './framework.ts';
import { MINUTE, open, type Site } from './site.ts';

const ADMINISTRATOR: SessionRoutesOptions = {
  authorize: ({ actor, target }) => target.user === actor.user || actor.user === 'admin',
};

interface Cast extends Site {
  readonly admin: Browser;
  readonly alice: Browser;
  readonly id: string;
}

async function cast(framework: Framework, routes: SessionRoutesOptions): Promise<Cast> {
  const site = await open(framework, { routes });
  const [admin, alice] = [site.browser(), site.browser()];
  await admin.signIn('admin');
  const id = await alice.signIn('alice');
  return { ...site, admin, alice, id };
}

const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/private')).status === 200;

export function routesForOthers(framework: Framework): void {
  describe('authorize', () => {
    test('ERR-5: by default one’s own sessions only, else 403 and nothing done', async () => {
      const { admin, alice, id, store } = await cast(framework, {});
      store.forget();
      for (const answer of [
        await admin.get('/sessions?user=alice'),
        await admin.delete(`/sessions/${id}?user=alice`),
        await admin.post('/sessions/sign-out?user=alice'),
        await admin.post('/sessions/sign-out-others?user=alice'),
        await admin.post('/sessions/sign-out-everywhere?user=alice'),
        await admin.get('/sessions?user='),
      ]) {
        expectProblem(answer, 403, 'forbidden');
      }
      expect(new Set(store.calls)).toEqual(new Set(['find']));
      expect([await isIn(admin), await isIn(alice)]).toEqual([true, true]);
      expect(rowsOf(await admin.get('/sessions?user=admin'))).toHaveLength(1);
    });

    test('SES-17: an administrator lists another user’s sessions with ?user=, and ends one', async () => {
      const { admin, alice, id } = await cast(framework, ADMINISTRATOR);
      expect(rowsOf(await admin.get('/sessions?user=alice'))).toMatchObject([{ id, user: 'alice', current: false }]);
      expectProblem(await admin.delete(`/sessions/${id}`), 404, 'session-not-found');
      expect((await admin.delete(`/sessions/${id}?user=alice`)).status).toBe(204);
      expect([await isIn(admin), await isIn(alice)]).toEqual([true, false]);
    });

    test('SES-17: an administrator signs another user out everywhere, and stays signed in', async () => {
      const { admin, alice, sessions } = await cast(framework, ADMINISTRATOR);
      const told: unknown[] = [];
      sessions.on('sessions.revoked', ({ user, by, reason }) => told.push({ user, by, reason }));
      const answer = await admin.post('/sessions/sign-out-everywhere?user=alice');
      expect(answer).toMatchObject({ status: 204, setCookies: [] });
      expect([await isIn(admin), await isIn(alice)]).toEqual([true, false]);
      expect(told).toEqual([{ user: 'alice', by: 'admin', reason: 'signed-out-everywhere' }]);
    });

    test('an administrator of one account reaches no sessions in another', async () => {
      const { browser } = await open(framework, { routes: ADMINISTRATOR });
      const [admin, here, there] = [browser(), browser(), browser()];
      await admin.signIn('admin', '&account=acme');
      const id = await here.signIn('alice', '&account=acme');
      const elsewhere = await there.signIn('alice', '&account=beta');
      expect(rowsOf(await admin.get('/sessions?user=alice')).map((row) => row.id)).toEqual([id]);
      expectProblem(await admin.delete(`/sessions/${elsewhere}?user=alice`), 404, 'session-not-found');
      expect((await admin.post('/sessions/sign-out-everywhere?user=alice')).status).toBe(204);
      expect([await isIn(here), await isIn(there)]).toEqual([false, true]);
    });

    test.each(['sign-out', 'sign-out-others'])('POST /%s is about one’s own session: 400 with ?user=', async (path) => {
      const { admin, alice } = await cast(framework, ADMINISTRATOR);
      expectProblem(await admin.post(`/sessions/${path}?user=alice`), 400, 'bad-request');
      expect([await isIn(admin), await isIn(alice)]).toEqual([true, true]);
    });

    test.each(['', 'x'.repeat(257), '%00', '%0A', '%ED%A0%80\n'.trim().repeat(100)])(
      '?user=%s is a 400',
      async (user) => {
        const { admin, id } = await cast(framework, { authorize: () => true });
        expectProblem(await admin.get(`/sessions?user=${user}`), 400, 'bad-request');
        expectProblem(await admin.delete(`/sessions/${id}?user=${user}`), 400, 'bad-request');
        expectProblem(await admin.post(`/sessions/sign-out-everywhere?user=${user}`), 400, 'bad-request');
      },
    );

    test('is told who asks, for what, about whom; it may take its time and say no to one’s own', async () => {
      const asked: unknown[] = [];
      const { alice, id } = await cast(framework, {
        authorize: async ({ actor, action, target }) => {
          asked.push([actor.user, action, target]);
          return action === 'list';
        },
      });
      const target = { user: 'alice', account: null };
      expect((await alice.get('/sessions')).status).toBe(200);
      expectProblem(await alice.post('/sessions/sign-out-everywhere'), 403, 'forbidden');
      expectProblem(await alice.delete(`/sessions/${id}`), 403, 'forbidden');
      expect(asked).toEqual([
        ['alice', 'list', target],
        ['alice', 'sign-out-everywhere', target],
        ['alice', 'end', target],
      ]);
      expect(await isIn(alice)).toBe(true);
    });

    test('that fails lets no request pass', async () => {
      const authorize = (): boolean => {
        throw new TypeError('the plan of the customer is not known');
      };
      const { alice } = await cast(framework, { authorize });
      expect((await alice.post('/sessions/sign-out-everywhere')).status).toBe(500);
      expect(await isIn(alice)).toBe(true);
    });
  });

  describe('SES-18: where configured, ending other devices asks for a recent sign-in', () => {
    const recentSignIn = { maxAge: '5m', amr: ['pwd'] } as const;

    test('the others are refused with the challenge, and nothing is done', async () => {
      const site = await open(framework, { routes: { recentSignIn } });
      const [mine, other] = [site.browser(), site.browser()];
      await mine.signIn('alice', '&amr=pwd');
      const id = await other.signIn('alice', '&amr=pwd');
      site.clock.advance(5 * MINUTE + 1);
      for (const answer of [
        await mine.delete(`/sessions/${id}`),
        await mine.delete(`/sessions/${'A'.repeat(22)}`),
        await mine.post('/sessions/sign-out-others'),
        await mine.post('/sessions/sign-out-everywhere'),
      ]) {
        expectProblem(answer, 401, 'sign-in-not-recent');
        expect(answer.headers['www-authenticate']).toContain('error="insufficient_user_authentication", max_age="300"');
      }
      expect(await isIn(other)).toBe(true);

      await mine.post('/reauthenticate?amr=pwd');
      expect((await mine.delete(`/sessions/${id}`)).status).toBe(204);
      expect(await isIn(other)).toBe(false);
    });

    test('the list and one’s own sign-out are not', async () => {
      const site = await open(framework, { routes: { recentSignIn } });
      const [first, second] = [site.browser(), site.browser()];
      await first.signIn('alice');
      const id = await second.signIn('alice');
      expect((await first.get('/sessions')).status).toBe(200);
      expect((await first.post('/sessions/sign-out')).status).toBe(204);
      expect((await second.delete(`/sessions/${id}`)).status).toBe(204);
    });
  });

  test.each<[string, unknown]>([
    ['an unknown option', { authorise: () => true }],
    ['authorize that is no function', { authorize: true }],
    ['recentSignIn without maxAge', { recentSignIn: {} }],
    ['nothing to take options from', null],
  ])('%s is refused at start-up', async (_, routes) => {
    await expect(open(framework, { routes: routes as SessionRoutesOptions })).rejects.toThrow(TypeError);
  });
}
