import { describe, expect, test } from 'vitest';
import { FIREFOX_ON_WINDOWS, NAVIGATION } from './browser.ts';
import { expectProblem, rowsOf } from './expectations.ts';
import type { Framework } from './framework.ts';
import { postPage } from './pages.ts';
import { COOKIE, open } from './site.ts';
import { threeSignedIn } from './three-signed-in.ts';

/** Tests which reasons of an ended session its user is told, and which not. */
export function endStates(framework: Framework): void {
  describe('a reason of the library’s own, or of a trigger', () => {
    test('is told to a program', async () => {
      const { mac, windows } = await threeSignedIn(framework);
      await mac.post('/trigger?name=passwordChanged');
      const answer = await windows.get('/private');
      expectProblem(answer, 401, 'session-required');
      expect(answer.json).toMatchObject({ reason: 'revoked', reasonCode: 'password-changed' });
      expect(answer.setCookies).toEqual([]);
    });

    test('is told to the login page', async () => {
      const loginUrl = '/login?lang=de';
      const site = await open(framework, {
        authentication: { loginUrl },
        sessions: { triggers: { planDowngraded: 'everywhere' } },
      });
      const browser = site.browser();
      await browser.signIn('alice');
      await site.sessions.trigger('planDowngraded', { user: 'alice', by: 'billing' });
      const answer = await browser.get('/private?a=b', NAVIGATION);
      const location = '/login?lang=de&returnTo=%2Fprivate%3Fa%3Db&reason=plan-downgraded';
      expect(answer).toMatchObject({ status: 303, headers: { location } });
    });

    test('is there for a page that needs no session', async () => {
      const page = postPage('/why', ({ auth }) => ({ refusal: auth().refusal }));
      const site = await open(framework, { pages: [page] });
      const [mine, stranger] = [site.browser(), site.browser()];
      await mine.signIn('alice');
      expect((await mine.post('/why')).json).toEqual({ refusal: null });
      await site.sessions.trigger('passwordReset', { user: 'alice' });
      expect((await mine.post('/why')).json).toEqual({ refusal: { reason: 'revoked', reasonCode: 'password-reset' } });
      expect((await stranger.post('/why')).json).toEqual({ refusal: null });
    });
  });

  test.each(['incident 42', 'fired', 'plan-downgraded'])('an administrator’s words are not: %s', async (reason) => {
    const { sessions, mac, windows, ids } = await threeSignedIn(framework);
    await sessions.end(ids[1]!, { user: 'alice', by: 'admin-7', reason });
    const answer = await windows.get('/private');
    expect(answer.json).toMatchObject({ reason: 'ended' });
    expect(answer.json).not.toHaveProperty('reasonCode');
    const [row] = rowsOf(await mac.get('/sessions?ended=true'));
    expect(row?.end).toEqual({
      reason: 'ended',
      at: expect.any(Number),
      by: 'other',
      fromDevice: null,
      reasonCode: null,
    });
  });

  test('the list says who, from which device, and why', async () => {
    const { mac, windows, ids, clock } = await threeSignedIn(framework);
    await windows.delete(`/sessions/${ids[0]}`);
    const rows = rowsOf(await windows.get('/sessions?ended=true'));
    const told = {
      reason: 'ended',
      at: clock.now(),
      by: 'self',
      fromDevice: 'Firefox on Windows',
      reasonCode: 'signed-out',
    };
    expect(rows.find(({ id }) => id === ids[0])?.end).toEqual(told);

    await mac.signIn('alice');
    await mac.post('/sessions/sign-out-others');
    const others = rowsOf(await mac.get('/sessions?ended=true'));
    expect(others.find(({ id }) => id === ids[1])?.end).toEqual({
      ...{ reason: 'revoked', at: clock.now(), by: 'self' },
      ...{ fromDevice: 'Chrome on Mac OS', reasonCode: 'signed-out-others' },
    });
  });

  test('without an attribution, actor, device and reason are null', async () => {
    const { sessions, mac, ids } = await threeSignedIn(framework);
    await sessions.end(ids[1]!, { user: 'alice' });
    const [row] = rowsOf(await mac.get('/sessions?ended=true'));
    expect(row?.end).toMatchObject({ by: null, fromDevice: null, reasonCode: null });
  });

  describe('auth.trigger', () => {
    test('keeps this session under a new secret where the rule is others', async () => {
      const { mac, windows, browser } = await threeSignedIn(framework);
      const before = mac.session;
      expect((await mac.post('/trigger?name=emailChanged')).json).toMatchObject({ revoked: true });
      expect(mac.session).not.toBe(before);
      expect((await mac.get('/private')).status).toBe(200);
      for (const refused of [windows.get('/private'), browser().get('/private', { cookie: before })]) {
        expect((await refused).status).toBe(401);
      }
    });

    test('takes this session along where the rule is everywhere: the cookie is deleted', async () => {
      const site = await open(framework, { sessions: { triggers: { passwordChanged: 'everywhere' } } });
      const browser = site.browser();
      await browser.signIn('alice');
      const before = browser.session;
      expect((await browser.post('/trigger?name=passwordChanged')).json).toMatchObject({ revoked: true });
      expect(browser.cookie(COOKIE)).toBeNull();
      expect((await browser.get('/private', { cookie: before })).status).toBe(401);
    });

    test('leaves this session alone where its kind is not covered', async () => {
      const triggers = { keysLeaked: { revoke: 'everywhere', kinds: ['api'] } } as const;
      const site = await open(framework, { sessions: { triggers } });
      const [browser, api] = [site.browser(), site.browser(FIREFOX_ON_WINDOWS)];
      await browser.signIn('alice');
      await api.signIn('alice', '&kind=api');
      const before = browser.session;
      await browser.post('/trigger?name=keysLeaked');
      expect(browser.session).toBe(before);
      expect([(await browser.get('/private')).status, (await api.get('/private')).status]).toEqual([200, 401]);
    });

    test('does nothing where the rule is none, and is misuse by an unknown name', async () => {
      const site = await open(framework, { sessions: { triggers: { emailChanged: 'none' } } });
      const browser = site.browser();
      await browser.signIn('alice');
      expect((await browser.post('/trigger?name=emailChanged')).json).toMatchObject({ revoked: false, reason: 'none' });
      expect((await browser.post('/trigger?name=toString')).status).toBe(500);
      expect((await browser.get('/private')).status).toBe(200);
    });
  });
}
