import { describe, expect, test } from 'vitest';
import { NAVIGATION } from './browser.ts';
import { expectProblem, expectSignedOut } from './expectations.ts';
import type { Framework } from './framework.ts';
import { MINUTE, open } from './site.ts';

export function recentSignIn(framework: Framework): void {
  test('SES-19: passes up to the limit, and is refused after it with the challenge of RFC 9470 (ERR-6)', async () => {
    const { clock, browser: open_ } = await open(framework);
    const browser = open_();
    await browser.signIn('alice');
    clock.advance(5 * MINUTE);
    expect((await browser.get('/recent')).status).toBe(200);

    clock.advance(1);
    const answer = await browser.get('/recent');
    expectProblem(answer, 401, 'sign-in-not-recent');
    expect(answer.json).toHaveProperty('max_age', 300);
    expect(answer.headers['www-authenticate']).toBe(
      'Session realm="default", error="insufficient_user_authentication", max_age="300"',
    );
    expect(answer.setCookies).toEqual([]);
    expect((await browser.get('/private')).status).toBe(200);
  });

  test('use and renewal do not make a sign-in recent; a new authentication does', async () => {
    const { clock, browser: open_ } = await open(framework);
    const browser = open_();
    await browser.signIn('alice');
    clock.advance(6 * MINUTE);
    await browser.post('/renew');
    expectProblem(await browser.get('/recent'), 401, 'sign-in-not-recent');
    expect((await browser.post('/reauthenticate?password=wrong')).json).toMatchObject({
      ok: false,
      reason: 'not-verified',
    });
    expectProblem(await browser.get('/recent'), 401, 'sign-in-not-recent');
    expect((await browser.post('/reauthenticate')).json).toMatchObject({ ok: true });
    expect((await browser.get('/recent')).status).toBe(200);
  });

  test('asks for every method that is named, and says which', async () => {
    const browser = (await open(framework)).browser();
    await browser.signIn('alice', '&amr=pwd');
    const answer = await browser.get('/recent-otp');
    expectProblem(answer, 401, 'sign-in-not-recent');
    expect(answer.json).toMatchObject({ max_age: 300, amr: ['otp'] });
    await browser.post('/reauthenticate?amr=pwd&amr=otp');
    expect((await browser.get('/recent-otp')).status).toBe(200);
  });

  test('sends a page to the login path and back', async () => {
    const { clock, browser: open_ } = await open(framework, { authentication: { loginUrl: '/login?step=up' } });
    const browser = open_();
    await browser.signIn('alice');
    clock.advance(6 * MINUTE);
    const answer = await browser.get('/recent', NAVIGATION);
    expect(answer).toMatchObject({ status: 303, headers: { location: '/login?step=up&returnTo=%2Frecent' } });
  });

  test('a page without a login path gets the challenge', async () => {
    const { clock, browser: open_ } = await open(framework);
    const browser = open_();
    await browser.signIn('alice');
    clock.advance(6 * MINUTE);
    expectProblem(await browser.get('/recent', NAVIGATION), 401, 'sign-in-not-recent');
  });

  test('a request without a session gets 401', async () => {
    expectSignedOut(await (await open(framework)).browser().get('/recent'));
  });

  describe('refuses to be made', () => {
    test.each([{ maxAge: -1 }, { maxAge: '5 minutes' }, { maxAge: '5m', amr: 'otp' }, { maxAge: '5m', acr: ['x'] }])(
      'with %j',
      async (guard) => {
        const page = { method: 'get', path: '/wrong', guard: guard as { maxAge: '5m' }, run: () => null } as const;
        await expect(open(framework, { pages: [page] })).rejects.toThrow(TypeError);
      },
    );
  });
}
