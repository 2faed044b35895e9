import { describe, expect, test } from 'vitest';
import type { SessionRoutesOptions } from '../../../adapters/frameworks/http/index.ts';
import { type Browser, fetchMetadata } from './browser.ts';
import { expectProblem, expectUncached } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE, open, pausedPage, type Site } from './site.ts';

/** Background work may take long on a busy machine. */
const PATIENTLY = { interval: 5, timeout: 60_000 };
const JSON_BODY = { 'content-type': 'application/json' };
const EVERYWHERE = '{"signOut":"everywhere"}';

/** Only the administrator may change the policy. */
const ADMINISTRATOR: SessionRoutesOptions = {
  authorize: ({ actor, action, target }) =>
    action === 'change-policy' ? actor.user === 'admin' : target.user === actor.user,
};

async function acme(
  framework: Framework,
  routes = ADMINISTRATOR,
): Promise<Site & { readonly admin: Browser; readonly alice: Browser }> {
  const site = await open(framework, { sessions: { policy: 'stored', audit: true }, routes });
  const [admin, alice] = [site.browser(), site.browser()];
  await admin.signIn('admin', '&account=acme');
  await alice.signIn('alice', '&account=acme');
  return { ...site, admin, alice };
}

const put = (browser: Browser, body = EVERYWHERE, headers = {}) =>
  browser.request('PUT', '/sessions/policy', { ...JSON_BODY, ...headers }, body);

export function policy(framework: Framework): void {
  test('GET /policy shows the account’s, and whether one may change it', async () => {
    const { admin, alice } = await acme(framework);
    const answer = await admin.get('/sessions/policy');
    expectUncached(answer);
    expect(answer).toMatchObject({ status: 200, json: { account: 'acme', signOut: 'session', mayChange: true } });
    expect((await alice.get('/sessions/policy')).json).toEqual({
      account: 'acme',
      signOut: 'session',
      mayChange: false,
    });
  });

  test('PUT /policy applies to all users in the account from the next sign-out on, and to no others', async () => {
    const { admin, alice, browser } = await acme(framework);
    const [phone, elsewhere] = [browser(), browser()];
    await phone.signIn('alice', '&account=acme&kind=api');
    await elsewhere.signIn('alice', '&account=beta');
    expect(await put(admin)).toMatchObject({ status: 200, json: { signOut: 'everywhere', mayChange: true } });
    for (const one of [alice, phone, elsewhere]) expect((await one.get('/private')).status).toBe(200);

    expect((await alice.post('/sessions/sign-out')).status).toBe(204);
    expect(alice.cookie(COOKIE)).toBeNull();
    expectProblem(await phone.get('/private'), 401, 'session-required');
    for (const one of [admin, elsewhere]) expect((await one.get('/private')).status).toBe(200);
  });

  test.each(['session', 'everywhere'] as const)(
    '%s: a sign-out ends the session also where another request renews its secret meanwhile',
    async (signOut) => {
      const page = pausedPage('/slow-sign-out', ({ auth }) => auth().signOut());
      const { sessions, browser } = await open(framework, { sessions: { policy: 'stored' }, pages: [page] });
      await sessions.setPolicy('acme', { signOut });
      const [mine, other] = [browser(), browser()];
      await mine.signIn('alice', '&account=acme');
      const slow = mine.post('/slow-sign-out');
      await page.arrived;
      await other.post('/renew', { cookie: mine.session });
      expect((await other.get('/private')).status).toBe(200);
      page.go();
      expect((await slow).json).toMatchObject({ ended: true, everywhere: signOut === 'everywhere' });
      expect((await other.get('/private')).status).toBe(401);
    },
  );

  test('a form may say it, too', async () => {
    const { admin } = await acme(framework);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await put(admin, 'signOut=everywhere', form)).json).toMatchObject({ signOut: 'everywhere' });
  });

  test('who may not gets 403, nothing is changed, and it stands in the log', async () => {
    const { alice, sessions } = await acme(framework);
    expectProblem(await put(alice), 403, 'forbidden');
    expect(await sessions.policy('acme')).toEqual({ signOut: 'session' });
    await expect
      .poll(async () => (await sessions.audit({ types: ['request.refused', 'policy.changed'] })).entries, PATIENTLY)
      .toMatchObject([{ type: 'request.refused', by: 'alice', account: 'acme', details: { action: 'change-policy' } }]);
  });

  test('by default no user may, and a page of another site never', async () => {
    const { admin } = await acme(framework, {});
    expectProblem(await put(admin), 403, 'forbidden');
    const allowed = await acme(framework);
    expectProblem(await put(allowed.admin, EVERYWHERE, fetchMetadata('cross-site')), 403, 'cross-origin');
    expect((await allowed.admin.get('/sessions/policy')).json).toMatchObject({ signOut: 'session' });
  });

  test.each([
    ['{"signOut":"always"}', /'session' and 'everywhere'/],
    ['{"signOut":"everywhere","more":1}', /unknown member "more"/],
    ['{}', /signOut/],
    ['[]', /./],
    ['"everywhere"', /./],
    ['{', /not JSON/],
    ['', /signOut/],
  ])('%s is a 400 that says what is wrong', async (body, detail) => {
    const { admin, sessions } = await acme(framework);
    const answer = await put(admin, body);
    expectProblem(answer, 400, 'bad-request');
    expect(answer.json?.detail).toMatch(detail);
    expect(await sessions.policy('acme')).toEqual({ signOut: 'session' });
  });

  test.each(['text/plain', 'nonsense', null])('of the type %s it is a 415, and nothing is changed', async (type) => {
    const { admin, sessions } = await acme(framework);
    const answer = await put(admin, EVERYWHERE, { 'content-type': type });
    expectProblem(answer, 415, 'unsupported-media-type');
    expect(answer.headers.accept).toContain('application/json');
    expect(await sessions.policy('acme')).toEqual({ signOut: 'session' });
  });

  test('of a session without an account it cannot be changed', async () => {
    const { browser } = await acme(framework);
    const lone = browser();
    await lone.signIn('admin');
    expect((await lone.get('/sessions/policy')).json).toEqual({ account: null, signOut: 'session', mayChange: false });
    expectProblem(await put(lone), 400, 'bad-request');
  });

  test('an outage is 503, and no user is signed out partly', async () => {
    const { admin, alice, store } = await acme(framework);
    await put(admin);
    store.only = ['advance'];
    store.state = 'throws';
    expectProblem(await alice.post('/sessions/sign-out'), 503, 'store-unavailable');
    store.state = 'answers';
    expect((await alice.get('/private')).status).toBe(200);
  });

  describe('a recent sign-in, where configured,', () => {
    test('is required for a change', async () => {
      const { admin, clock } = await acme(framework, { ...ADMINISTRATOR, recentSignIn: { maxAge: '5m' } });
      clock.advance(10 * 60e3);
      expect((await admin.get('/sessions/policy')).status).toBe(200);
      expectProblem(await put(admin), 401, 'sign-in-not-recent');
    });
  });
}
