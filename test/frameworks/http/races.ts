import { describe, expect, test } from 'vitest';
import type { Auth } from '../../../adapters/frameworks/http/index.ts';
import { expectProblem } from './expectations.ts';
import type { Framework } from './framework.ts';
import { outcomeOf } from './pages.ts';
import { open, pausedPage, type Site } from './site.ts';
import type { Verb } from './store.ts';

type Act = (auth: Auth) => Promise<Parameters<typeof outcomeOf>[0]>;

export function races(framework: Framework): void {
  describe('a request that is under way while its session is revoked and the user signs in anew', () => {
    test.each<[string, Act, unknown]>([
      ['signOutEverywhere', (auth) => auth.signOutEverywhere(), { revoked: false, reason: 'not-live' }],
      ['signOutOthers', (auth) => auth.signOutOthers(), { revoked: false, reason: 'not-live' }],
      ['signOut', (auth) => auth.signOut(), { ended: false }],
      ['renew', (auth) => auth.renew(), { ok: false, reason: 'not-live' }],
      ['reauthenticate', (auth) => auth.reauthenticate({ verify: () => true }), { ok: false, reason: 'not-live' }],
    ])('%s does nothing to the newer session, nor to its cookie', async (_, act, outcome) => {
      const paused = pausedPage('/paused', async ({ auth }) => outcomeOf(await act(auth())));
      const site = await open(framework, { pages: [paused] });
      const browser = site.browser();
      await browser.signIn('alice');
      const underWay = browser.post('/paused');
      await paused.arrived;
      await site.sessions.revoke({ user: 'alice' });
      await browser.signIn('alice');

      paused.go();
      const answer = await underWay;
      expect(answer.json).toMatchObject(outcome as object);
      expect(answer.setCookies).toEqual([]);
      expect((await browser.get('/private')).status).toBe(200);
    });
  });

  test('a long request of a session that is signed out meanwhile does not bring it back', async () => {
    const paused = pausedPage('/paused', ({ session }) => session().user);
    const site = await open(framework, { pages: [paused], sessions: { touchEvery: 0 } });
    const browser = site.browser();
    await browser.signIn('alice');
    const cookie = browser.session;
    const underWay = browser.post('/paused');
    await paused.arrived;
    await browser.post('/sessions/sign-out');
    paused.go();
    await underWay;
    expectProblem(await browser.get('/private', { cookie }), 401, 'session-required');
  });

  describe('a route whose initiator is revoked after it was let in', () => {
    /** Revokes once, just before call number `time` of this verb. */
    const overtake = ({ store, sessions }: Site, verb: Verb, time = 1): void => {
      store.forget();
      store.before = async (called) => {
        if (called !== verb || store.count(verb) < time) return;
        store.before = () => {};
        await sessions.revoke({ user: 'alice' });
      };
    };

    test.each(['sign-out-others', 'sign-out-everywhere'])('POST /%s does nothing: 401', async (path) => {
      const site = await open(framework);
      const told: unknown[] = [];
      const browser = site.browser();
      await browser.signIn('alice');
      site.sessions.on('sessions.revoked', ({ reason }) => told.push(reason));
      overtake(site, 'readEpochs');
      const answer = await browser.post(`/sessions/${path}`);
      expectProblem(answer, 401, 'session-required');
      expect(answer.setCookies).toEqual([]);
      expect(told).toEqual([null]);
    });

    test('DELETE of its own session: the 404 of all that are over', async () => {
      const site = await open(framework);
      const browser = site.browser();
      const id = await browser.signIn('alice');
      overtake(site, 'find', 2);
      const answer = await browser.delete(`/sessions/${id}`);
      expectProblem(answer, 404, 'session-not-found');
      expect(answer.setCookies).toEqual([]);
      expect((await browser.get('/private')).status).toBe(401);
    });
  });

  test('two sign-outs everywhere at once: one revokes, and both browsers are out', async () => {
    const site = await open(framework);
    const [one, other] = [site.browser(), site.browser()];
    await one.signIn('alice');
    await other.signIn('alice');
    const answers = await Promise.all([one, other].map((browser) => browser.post('/sessions/sign-out-everywhere')));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 401]);
    for (const browser of [one, other]) expect((await browser.get('/private')).status).toBe(401);
  });
}
