import { describe, expect, onTestFinished, test } from 'vitest';
import { leavesCookie, open, type SessionLayer, type Site } from './koa-fastify-site.ts';

/** Tests that a session's end reason stays visible while its cookie exists, and that refusals keep the cookie. */
export function reasonBehaviours(layer: SessionLayer): void {
  const inners = layer.inners.filter(({ open }) => open !== null);
  describe.each(inners)('a session that is over, in $name', ({ open: openInner }) => {
    const settings = { ...layer.rolling, saveUninitialized: true };
    const openSite = async (own: object = settings): Promise<Site> => {
      const inner = (await openInner?.()) ?? expect.fail('its server is here');
      onTestFinished(inner.close);
      return open(layer, { inner, settings: own });
    };

    test.each([
      ['revoked', (site) => site.sessions.trigger('passwordReset', { user: 'ann', by: 'ann' }), 'password-reset'],
      ['ended', (site) => site.sessions.signOutOf(), 'signed-out'],
    ] as const satisfies readonly (readonly [string, (site: EndState) => Promise<unknown>, string])[])(
      'tells its reason on every page, sets no cookie, and keeps a visitor’s data: %s',
      async (reason, end, reasonCode) => {
        const site = await openSite();
        const browser = site.browser();
        await browser.login('ann');
        const { id } = (await browser.get('/me')).json ?? {};
        const cookie = browser.session;
        const signOutOf = () => site.sessions.end(String(id), { user: 'ann', reason: 'signed-out' });
        await end({ sessions: { trigger: site.sessions.trigger.bind(site.sessions), signOutOf } });
        for (const page of ['/inner', '/who', '/who', '/me', '/who']) {
          const answer = await browser.get(page);
          expect(leavesCookie(layer, answer), page).toBe(true);
          if (page === '/who')
            expect(answer.json).toMatchObject({ user: null, inner: null, refusal: { reason, reasonCode } });
        }
        const added = await browser.post('/cart?item=tea');
        expect([added.status, leavesCookie(layer, added), browser.session]).toEqual([200, true, cookie]);
        expect((await browser.get('/who')).json).toMatchObject({
          user: null,
          cart: ['tea'],
          refusal: { reason, reasonCode },
        });
        await browser.login('ann');
        expect((await browser.get('/who')).json).toMatchObject({ user: 'ann', cart: ['tea'], refusal: null });
        expect(browser.session).not.toBe(cookie);
      },
    );

    test.each(['sets an empty session', 'saves none that is empty'] as const)(
      'is forgotten once the browser signs out of it, where the inner layer %s',
      async (saves) => {
        const saveUninitialized = saves === 'sets an empty session';
        const site = await openSite({ ...layer.rolling, saveUninitialized });
        const browser = site.browser();
        await browser.login('ann');
        await site.sessions.revoke({ user: 'ann' });
        expect((await browser.get('/who')).json).toMatchObject({ refusal: { reason: 'revoked' } });
        expect((await browser.post('/sign-out')).json).toMatchObject({ ended: false });
        expect((await browser.get('/who')).json).toMatchObject({ user: null, refusal: null });
        await browser.login('ann');
        expect((await browser.get('/me')).json).toMatchObject({ user: 'ann' });
      },
    );

    test.each(['/sign-out-others', '/login?user=bob'])(
      'is no obstacle to a sign-in under the id that the browser has left by %s',
      async (act) => {
        const site = await openSite();
        const browser = site.browser();
        if (act === '/sign-out-others') await browser.login('ann');
        else await browser.post('/cart?item=tea');
        const former = browser.session;
        await browser.post(act);
        const late = site.browser();
        expect((await late.post('/login?user=ann', { cookie: former })).json).toMatchObject({ ok: true });
        expect((await late.get('/who')).json).toMatchObject({ user: 'ann' });
      },
    );

    test('takes no newer cookie away by a late refusal', async () => {
      const site = await openSite();
      const browser = site.browser();
      await browser.login('ann');
      const former = browser.session;
      await site.sessions.revoke({ user: 'ann' });
      await browser.login('ann');
      for (const page of ['/who', '/me']) await browser.get(page, { cookie: former });
      await browser.post('/cart?item=tea', { cookie: former });
      expect((await browser.get('/me')).json).toMatchObject({ user: 'ann' });
    });
  });
}

interface EndState {
  readonly sessions: {
    trigger(name: 'passwordReset', request: { readonly user: string; readonly by: string }): Promise<unknown>;
    signOutOf(): Promise<unknown>;
  };
}
