import { describe, expect, test } from 'vitest';
import { fetchMetadata } from './browser.ts';
import { expectSignedOut } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { outcomeOf, postPage } from './pages.ts';
import { COOKIE, open } from './site.ts';
import { tokenOfElsewhere } from './tokens.ts';

export function signIn(framework: Framework): void {
  test('verify may say what was proved, and that counts', async () => {
    const proof = { amr: ['pwd', 'otp'] };
    const pages = [
      postPage('/in', ({ auth }) => auth().signIn({ user: 'alice', amr: ['said-before'], verify: async () => proof })),
      postPage('/again', ({ auth }) => auth().reauthenticate({ verify: () => ({ amr: ['hwk'] }) })),
    ];
    const browser = (await open(framework, { pages })).browser();
    expect((await browser.post('/in')).json).toMatchObject({ ok: true, session: { amr: ['pwd', 'otp'] } });
    expect((await browser.post('/again')).json).toMatchObject({ ok: true, session: { amr: ['hwk'] } });
  });

  test('over a live cookie ends that session, also of another user (SES-6)', async () => {
    const { sessions, browser: open_ } = await open(framework);
    const [browser, thief] = [open_(), open_()];
    await browser.signIn('alice');
    const before = browser.session;
    await browser.signIn('bob');
    expect((await browser.get('/private')).json).toMatchObject({ user: 'bob' });
    expectSignedOut(await thief.get('/private', { cookie: before }));
    const { sessions: rows } = await sessions.list({ user: 'alice' }, { ended: true });
    expect(rows.map(({ end }) => end)).toMatchObject([{ reason: 'ended', ended: { reason: 'replaced', by: 'bob' } }]);
  });

  describe('session fixation', () => {
    test('SES-4: a planted token that was never issued does not become a session', async () => {
      const { sessions, browser: open_ } = await open(framework);
      const refused: unknown[] = [];
      sessions.on('session.refused', ({ during, reason }) => refused.push([during, reason]));
      const planted = `${COOKIE}=${await tokenOfElsewhere('alice')}`;
      const [victim, attacker] = [open_(), open_()];

      await victim.post('/sign-in?user=alice', { cookie: planted });
      expect(refused).toEqual([['check', 'unknown']]);
      expect(victim.session).not.toBe(planted);
      expect((await victim.get('/private')).json).toMatchObject({ user: 'alice' });
      expectSignedOut(await attacker.get('/private', { cookie: planted }));
    });

    test('SES-6: a planted live token never becomes the session of a user who signs in over it', async () => {
      const { browser: open_ } = await open(framework);
      const [victim, attacker] = [open_(), open_()];
      await attacker.signIn('mallory');
      const planted = attacker.session;
      await victim.post('/sign-in?user=alice', { cookie: planted });
      expect(victim.session).not.toBe(planted);
      expectSignedOut(await attacker.get('/private', { cookie: planted }));
    });

    test('SES-6: a new authentication gives a new token, and the old one is refused on the next request', async () => {
      const { browser: open_ } = await open(framework);
      const [browser, thief] = [open_(), open_()];
      await browser.signIn('alice');
      const before = browser.session;
      await browser.post('/reauthenticate');
      expect(browser.session).not.toBe(before);
      expectSignedOut(await thief.get('/private', { cookie: before }));
      expect((await browser.get('/private')).status).toBe(200);
    });

    test('SES-7: renewal on a change of privileges gives a new token, and the old one is refused', async () => {
      const { browser: open_ } = await open(framework);
      const [browser, thief] = [open_(), open_()];
      await browser.signIn('alice');
      const before = browser.session;
      await browser.post('/renew');
      expectSignedOut(await thief.get('/private', { cookie: before }));
      expect((await browser.get('/private')).status).toBe(200);
    });
  });

  test('whose verify says no starts nothing, and the session before it lives on', async () => {
    const { store, browser: open_ } = await open(framework);
    const browser = open_();
    await browser.signIn('alice');
    store.forget();
    const answer = await browser.post('/sign-in?user=bob&password=wrong');
    expect(answer.json).toEqual({ ok: false, reason: 'not-verified' });
    expect(answer.setCookies).toEqual([]);
    expect(store.calls).not.toContain('add');
    expect(store.calls).not.toContain('end');
    expect((await browser.get('/private')).json).toMatchObject({ user: 'alice' });
  });

  test.each([false, null])('is refused where verify answers %j', async (verdict) => {
    const page = postPage('/verdict', ({ auth }) => auth().signIn({ user: 'alice', verify: async () => verdict }));
    const { store, browser } = await open(framework, { pages: [page] });
    expect((await browser().post('/verdict')).json).toMatchObject({ ok: false, reason: 'not-verified' });
    expect(store.calls).not.toContain('add');
  });

  test('whose verify fails starts nothing', async () => {
    const verify = (): never => {
      throw new Error('the user table is away');
    };
    const page = postPage('/broken', ({ auth }) => auth().signIn({ user: 'alice', verify }));
    const { store, browser } = await open(framework, { pages: [page] });
    expect(await browser().post('/broken')).toMatchObject({ status: 500, setCookies: [] });
    expect(store.calls).not.toContain('add');
  });

  test('takes the fence before it verifies: behind a revocation it is superseded', async () => {
    const page = postPage('/slow', async ({ auth }) => {
      const verify = async (): Promise<boolean> => (await site.sessions.revoke({ user: 'alice' })).revoked;
      return outcomeOf(await auth().signIn({ user: 'alice', verify }));
    });
    const site = await open(framework, { pages: [page] });
    const browser = site.browser();
    const answer = await browser.post('/slow');
    expect(answer).toMatchObject({ json: { ok: false, reason: 'superseded' }, setCookies: [] });
    await browser.signIn('alice');
    expect((await browser.get('/private')).status).toBe(200);
  });

  test('of a suspended user is refused', async () => {
    const { sessions, browser } = await open(framework);
    await sessions.suspend({ user: 'alice' });
    expect((await browser().post('/sign-in?user=alice')).json).toEqual({ ok: false, reason: 'suspended' });
  });

  test('over the limit is refused, and the session that was there lives on', async () => {
    const { browser: open_ } = await open(framework, { sessions: { limit: { perUser: 1, overflow: 'refuse' } } });
    const [first, second] = [open_(), open_()];
    await first.signIn('alice');
    expect((await second.post('/sign-in?user=alice')).json).toEqual({ ok: false, reason: 'limit' });
    expect((await first.get('/private')).status).toBe(200);
  });

  test('from another site is refused with 403 before anything is asked (login CSRF)', async () => {
    const { store, browser } = await open(framework);
    const answer = await browser().post('/sign-in?user=mallory', fetchMetadata('cross-site', 'navigate', 'document'));
    expect(answer).toMatchObject({ status: 403, setCookies: [] });
    expect(store.calls).toEqual([]);
  });

  test('after the headers are sent is misuse, and starts nothing', async () => {
    const errors: unknown[] = [];
    const page = postPage('/late', async ({ auth, sendHeaders }) => {
      sendHeaders();
      await auth()
        .signIn({ user: 'alice', verify: () => true })
        .catch((error: unknown) => errors.push(error));
    });
    const { store, browser } = await open(framework, { pages: [page] });
    await browser().post('/late');
    expect(errors).toEqual([expect.any(TypeError)]);
    expect(store.calls).toEqual([]);
  });

  test.each(['signOut', 'signOutEverywhere'] as const)(
    'after %s no user is signed in, in the same request',
    async (leave) => {
      const page = postPage('/leave', async ({ auth }) => {
        await auth()[leave]();
        return { user: auth().session?.user ?? null };
      });
      const { browser: open_ } = await open(framework, { pages: [page] });
      const browser = open_();
      await browser.signIn('alice');
      expect((await browser.post('/leave')).json).toEqual({ user: null });
    },
  );

  test('everywhere, of other kinds only, leaves the cookie of this request, whose session is live', async () => {
    const page = postPage('/no-keys', async ({ auth }) =>
      outcomeOf(await auth().signOutEverywhere({ kinds: ['api'] })),
    );
    const { browser: open_ } = await open(framework, { pages: [page] });
    const browser = open_();
    await browser.signIn('alice');
    expect((await browser.post('/no-keys')).setCookies).toEqual([]);
    expect((await browser.get('/private')).status).toBe(200);
  });

  test('and sign-out say who did it, and why', async () => {
    const { sessions, browser: open_ } = await open(framework);
    const told: unknown[] = [];
    const tell = ({ by, reason }: { by: unknown; reason: unknown }): number => told.push([by, reason]);
    sessions.on('session.ended', tell);
    sessions.on('sessions.revoked', tell);
    const browser = open_();
    for (const path of ['sign-out', 'sign-out-others', 'sign-out-everywhere']) {
      await browser.signIn('alice');
      await browser.post(`/sessions/${path}`);
    }
    const replaced = ['alice', 'replaced'];
    const ways = ['signed-out', 'signed-out-others', 'signed-out-everywhere'].map((reason) => ['alice', reason]);
    expect(told).toEqual([ways[0], ways[1], replaced, ways[2]]);
  });

  test('SES-24: only a sign-in makes a session, not a look at the list or a sign-out', async () => {
    const { store, browser: open_ } = await open(framework);
    const browser = open_();
    await browser.get('/private');
    await browser.get('/sessions');
    await browser.post('/sessions/sign-out');
    expect(store.calls).not.toContain('add');
    expect(browser.session).toBe('');
  });

  test('of an unknown user still calls verify, and starts no session', async () => {
    let asked = 0;
    const page = postPage('/stranger', async ({ auth }) =>
      outcomeOf(await auth().signIn({ user: null, verify: () => ++asked > 0 })),
    );
    const { store, browser: open_ } = await open(framework, { pages: [page] });
    const browser = open_();
    expect((await browser.post('/stranger')).json).toEqual({ ok: false, reason: 'not-verified' });
    expect(asked).toBe(1);
    expect(store.calls).toEqual(['ensureEpochs']);
    expect(browser.session).toBe('');
  });

  test('comes back from an identity provider, across sites, if the app has checked the state', async () => {
    const page: Page = {
      method: 'get',
      path: '/callback',
      run: async ({ auth }) =>
        outcomeOf(await auth().signIn({ user: 'alice', crossSite: 'state-was-checked', verify: () => true })),
    };
    const { browser: open_ } = await open(framework, { pages: [page] });
    const browser = open_();
    const answer = await browser.get('/callback', fetchMetadata('cross-site', 'navigate', 'document'));
    expect(answer.json).toMatchObject({ ok: true });
    expect((await browser.get('/private')).json).toMatchObject({ user: 'alice' });
  });

  test('and everything else that sets the cookie answers without the token (CKE-3)', async () => {
    const answers: unknown[] = [];
    const page = postPage('/all', async ({ auth }) => {
      answers.push(await auth().signIn({ user: 'alice', verify: () => true }));
      answers.push(await auth().renew());
      answers.push(await auth().reauthenticate({ verify: () => true }));
      answers.push(await auth().signOutOthers({ reason: 'password-changed', note: 'by the user', kinds: 'all' }));
      answers.push(await auth().signOutEverywhere({ reason: 'moved out' }));
    });
    const { sessions, browser } = await open(framework, { pages: [page] });
    const reasons: unknown[] = [];
    sessions.on('sessions.revoked', ({ reason, note, kinds }) => reasons.push([reason, note, kinds]));
    expect((await browser().post('/all')).status).toBe(200);
    expect(answers).toHaveLength(5);
    const names = new Set<string>();
    const text = JSON.stringify(answers, (name, value: unknown) => {
      names.add(name);
      return value;
    });
    expect(names).toContain('session');
    expect(names).not.toContain('token');
    expect(text).not.toContain('sr1.');
    expect(reasons).toEqual([
      ['password-changed', 'by the user', 'all'],
      ['moved out', null, null],
    ]);
  });
}
