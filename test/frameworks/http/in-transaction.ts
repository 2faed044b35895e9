import type { Auth, AuthInTransaction } from 'session-revocation/express';
import { describe, expect, test } from 'vitest';
import { type Data, emptyData, referenceStore } from '../../contract/reference-store.ts';
import { beginOn } from '../../contract/reference-transaction.ts';
import { type Answer, type Browser, fetchMetadata, SCRIPT } from './browser.ts';
import { expectSignedOut } from './expectations.ts';
import type { Framework, Page, PageRequest } from './framework.ts';
import { type Outcome, outcomeOf, postPage } from './pages.ts';
import { COOKIE, type Site } from './site.ts';
import { threeSignedIn } from './three-signed-in.ts';
import { bearing, openTokenSite, REFRESH_COOKIE, refresh, signedInPage, tokensOf } from './token-site.ts';

type Act = (within: AuthInTransaction<string>) => Promise<Outcome>;

const ACTS: Readonly<Record<string, Act>> = {
  'change-password': (within) => within.trigger('passwordChanged'),
  'change-email': (within) => within.trigger('emailChanged'),
  'reset-password': (within) => within.trigger('passwordReset'),
  'sign-out': (within) => within.signOut(),
  'sign-out-others': (within) => within.signOutOthers({ note: 'from here' }),
  'sign-out-everywhere': (within) => within.signOutEverywhere(),
};

/** An action of the test in the middle of a request. */
type Meanwhile = (request: PageRequest) => unknown;

interface Steps {
  /** Runs before the first act. */
  first?: Meanwhile;
  /** Runs between the end of the transaction and `committed()`. */
  between?: Meanwhile;
}

/** `POST /within?act=…&act=…&end=…` runs the acts in a transaction, ends it, and calls `committed()`. */
const withinPage = (data: Data, { first, between }: Steps = {}): Page =>
  postPage('/within', async (request) => {
    const { auth, query } = request;
    await first?.(request);
    const open = beginOn(data);
    const within = auth().within(open.transaction);
    const results: unknown[] = [];
    for (const act of query.getAll('act')) results.push(outcomeOf((await ACTS[act]?.(within)) ?? {}));
    const before = auth().request.exchange.setCookies().length;
    await (query.get('end') === 'rollback' ? open.rollback() : open.commit());
    await between?.(request);
    const committed = await within.committed();
    return {
      results,
      cookiesBefore: before,
      committed: [committed, await within.committed()],
      tokens: within.tokens,
      session: auth().session?.id ?? null,
    };
  });

async function openSite(framework: Framework, steps?: Steps) {
  const data = emptyData();
  const site = await threeSignedIn(framework, { store: referenceStore(data), pages: [withinPage(data, steps)] });
  const told: string[] = [];
  for (const type of ['sessions.revoked', 'session.ended'] as const) {
    site.sessions.on(type, (event) => told.push(event.type));
  }
  return { ...site, told };
}

const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/private')).status === 200;

const areIn = async ({ mac, windows, bob }: Record<'mac' | 'windows' | 'bob', Browser>): Promise<string> =>
  [(await isIn(mac)) && 'mac', (await isIn(windows)) && 'windows', (await isIn(bob)) && 'bob']
    .filter(Boolean)
    .join(' ');

/** Expects a refusal. The framework answers the page's error by its status. The client keeps its cookie. */
function expectRefused(answer: Answer, status: number): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.setCookies).toEqual([]);
}

export function inTransaction(framework: Framework): void {
  test.each(['change-password', 'change-email', 'sign-out-others'])(
    '%s: after the commit the browser that asked has a new cookie, and the others are signed out',
    async (act) => {
      const site = await openSite(framework);
      const before = site.mac.cookie(COOKIE);
      const answer = await site.mac.post(`/within?act=${act}&end=commit`);
      expect(answer.json).toMatchObject({
        results: [{ revoked: true }],
        committed: [true, true],
        cookiesBefore: 0,
        tokens: null,
        session: site.ids[0],
      });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.setCookies).toHaveLength(1);
      expect(answer.text).not.toContain('sr1.');
      expect(site.mac.cookie(COOKIE)).not.toBe(before);
      expect(await areIn(site)).toBe('mac bob');
      expect(site.told).toEqual(['sessions.revoked']);
      expectSignedOut(await site.browser().get('/private', { cookie: `${COOKIE}=${before}` }));
    },
  );

  test.each(Object.keys(ACTS))('%s: a rollback changes no cookie and signs no user out', async (act) => {
    const site = await openSite(framework);
    const before = site.mac.cookie(COOKIE);
    const answer = await site.mac.post(`/within?act=${act}&end=rollback`);
    expect(answer.json).toMatchObject({ committed: [false, false], cookiesBefore: 0, session: site.ids[0] });
    expect(answer.setCookies).toEqual([]);
    expect(site.mac.cookie(COOKIE)).toBe(before);
    expect(await areIn(site)).toBe('mac windows bob');
    expect(site.told).toEqual([]);
  });

  test('a rollback stays one, even if others write before committed() is called', async () => {
    const others: { revoke?: () => Promise<unknown> } = {};
    const site = await openSite(framework, { between: () => others.revoke?.() });
    others.revoke = () => site.sessions.revoke({ user: 'alice' }, { by: 'admin' });
    const answer = await site.mac.post('/within?act=change-password&end=rollback');
    expect(answer.json).toMatchObject({ committed: [false, false] });
    expect(answer.setCookies).toEqual([]);
    expect(await areIn(site)).toBe('bob');
    expect(site.told).toEqual(['sessions.revoked']);
  });

  test.each([
    ['sign-out', 'windows bob'],
    ['sign-out-everywhere', 'bob'],
    ['reset-password', 'bob'],
  ])('%s: the cookie is deleted after the commit', async (act, left) => {
    const site = await openSite(framework);
    const answer = await site.mac.post(`/within?act=${act}&end=commit`);
    expect(answer.json).toMatchObject({ committed: [true, true], cookiesBefore: 0, session: null });
    expect(answer.setCookies).toEqual([expect.stringMatching(new RegExp(`^${COOKIE}=; .*Max-Age=0`))]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await areIn(site)).toBe(left);
  });

  test('a second act goes by what the first one has left, and the last one decides about the cookie', async () => {
    const site = await openSite(framework);
    const kept = await site.mac.post('/within?act=change-password&act=change-email&end=commit');
    expect(kept.json).toMatchObject({ results: [{ revoked: true }, { revoked: true }], session: site.ids[0] });
    expect(kept.setCookies).toHaveLength(1);
    expect(await areIn(site)).toBe('mac bob');

    const left = await site.mac.post('/within?act=change-password&act=sign-out&end=commit');
    expect(left.json).toMatchObject({ results: [{ revoked: true }, { ended: true }], session: null });
    expect(site.mac.cookie(COOKIE)).toBeNull();
    expect(await areIn(site)).toBe('bob');
  });

  test('where the first act has signed out, the second has no session', async () => {
    const site = await openSite(framework);
    expectRefused(await site.mac.post('/within?act=sign-out&act=change-password'), 401);
    expect(await areIn(site)).toBe('mac windows bob');
    const twice = await site.mac.post('/within?act=sign-out-everywhere&act=sign-out&end=commit');
    expect(twice.json).toMatchObject({ results: [{ revoked: true }, { ended: false }], committed: [true, true] });
    expect(await areIn(site)).toBe('bob');
  });

  test('a session that was over before keeps nothing: what has happened is revoked, and the cookie is left alone', async () => {
    const others: { end?: () => Promise<unknown> } = {};
    const site = await openSite(framework, { first: () => others.end?.() });
    others.end = () => site.sessions.end(String(site.ids[0]), { user: 'alice' });
    const answer = await site.mac.post('/within?act=change-password&end=commit');
    expect(answer.json).toMatchObject({ results: [{ revoked: true }], committed: [true, true], session: null });
    expect(answer.setCookies).toEqual([]);
    expect(await areIn(site)).toBe('bob');
  });

  test('does nothing for a request from another site, and in an outage, and without a session', async () => {
    const site = await openSite(framework);
    for (const act of Object.keys(ACTS)) {
      const path = `/within?act=${act}&end=commit`;
      expectRefused(await site.mac.post(path, { ...SCRIPT, ...fetchMetadata('cross-site') }), 403);
      if (act !== 'sign-out') expectRefused(await site.browser().post(path), 401);
      site.store.state = 'throws';
      expectRefused(await site.mac.post(path), 503);
      site.store.state = 'answers';
    }
    expect(await areIn(site)).toBe('mac windows bob');
    const visitor = await site.browser().post('/within?act=sign-out&end=commit');
    expect(visitor.json).toMatchObject({ results: [{ ended: false }], committed: [false, false], session: null });
    expect(visitor.setCookies).toEqual([]);
  });

  test('where it cannot be found out, no cookie is changed, and asking again sets it', async () => {
    const down: { site?: Site; failure?: unknown } = {};
    const data = emptyData();
    const page = postPage('/unknown', async ({ auth, query }) => {
      const open = beginOn(data);
      const within = auth().within(open.transaction);
      await within.trigger('passwordChanged');
      await open.commit();
      const store = down.site?.store;
      if (store !== undefined) store.state = 'throws';
      const failed = await within.committed().catch((error: { code: string }) => error);
      if (store !== undefined) store.state = 'answers';
      if (query.get('again') === null) throw failed;
      return {
        code: (failed as { code: string }).code,
        before: auth().request.exchange.setCookies(),
        again: await within.committed(),
      };
    });
    const site = await threeSignedIn(framework, { store: referenceStore(data), pages: [page] });
    down.site = site;
    const answer = await site.mac.post('/unknown?again');
    expect(answer.json).toEqual({ code: 'SESSION_STORE_UNAVAILABLE', before: [], again: true });
    expect(await areIn(site)).toBe('mac bob');

    expectRefused(await site.mac.post('/unknown'), 503);
  });

  test('is misuse once the headers are sent: before an act nothing is written, and afterwards it says so', async () => {
    const errors: unknown[] = [];
    const data = emptyData();
    const page = postPage('/late', async (request) => {
      const open = beginOn(data);
      const within = request.auth().within(open.transaction);
      if (request.query.get('when') === 'before') request.sendHeaders();
      await within.trigger('passwordChanged').catch((error) => errors.push(error));
      if (request.query.get('when') === 'after') request.sendHeaders();
      await open.commit();
      await within.committed().catch((error) => errors.push(error));
      return null;
    });
    const site = await threeSignedIn(framework, { store: referenceStore(data), pages: [page] });
    for (const [when, left] of [
      ['before', 'mac windows bob'],
      ['after', 'bob'],
    ]) {
      await site.mac.post(`/late?when=${when}`).catch(() => {});
      expect(errors.splice(0)).toEqual([
        expect.objectContaining({ message: expect.stringMatching(/headers|committed/) }),
      ]);
      expect(await areIn(site)).toBe(left);
    }
  });

  test('needs a store that writes in transactions, and something that is one', async () => {
    const page = postPage('/within', ({ auth }) => void (auth() as Auth<string>).within({}));
    const site = await threeSignedIn(framework, { pages: [page] });
    expectRefused(await site.mac.post('/within'), 501);
  });

  describe('in the name of an access token', () => {
    const openTokens = (framework_: Framework, bearer = {}) => {
      const data = emptyData();
      return openTokenSite(framework_, { store: referenceStore(data), pages: [withinPage(data)], bearer });
    };

    test('of an app: the next tokens are there after the commit, and after a rollback the old ones are good', async () => {
      const site = await openTokens(framework);
      const before = await site.appTokens('alice');
      const undone = await site.browser().post('/within?act=change-password&end=rollback', bearing(before.accessToken));
      expect(undone.json).toMatchObject({ committed: [false, false], tokens: null });
      expect((await site.browser().get('/who', bearing(before.accessToken))).status).toBe(200);

      const answer = await site.browser().post('/within?act=change-password&end=commit', bearing(before.accessToken));
      expect(answer.json).toMatchObject({ committed: [true, true], tokens: { expiresIn: 300 } });
      expect(answer.setCookies).toEqual([]);
      const { accessToken, refreshToken } = tokensOf(answer);
      expect((await site.browser().get('/who', bearing(before.accessToken))).status).toBe(401);
      expect((await site.browser().get('/who', bearing(accessToken))).json).toMatchObject({ id: before.id });
      expect((await refresh(site, refreshToken)).status).toBe(200);
    });

    test('of a page whose refresh token is in a cookie: the next one is there after the commit alone', async () => {
      const site = await openTokens(framework);
      const { browser, access } = await signedInPage(site);
      const before = browser.cookie(REFRESH_COOKIE);
      const undone = await browser.post('/within?act=sign-out-others&end=rollback', bearing(access, SCRIPT));
      expect([undone.setCookies, browser.cookie(REFRESH_COOKIE)]).toEqual([[], before]);

      const answer = await browser.post('/within?act=sign-out-others&end=commit', bearing(access, SCRIPT));
      expect(Object.keys(tokensOf(answer)).sort()).toEqual(['accessToken', 'expiresIn']);
      expect(answer.text).not.toContain('rt1.');
      expect(browser.cookie(REFRESH_COOKIE)).not.toBe(before);
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
    });

    test('that may do less than its session: the password is changed, and the session ends with the rest', async () => {
      const site = await openTokens(framework);
      const { access } = await signedInPage(site);
      // A script elsewhere has the access token, but not the cookie.
      const answer = await site.browser().post('/within?act=change-password&end=commit', bearing(access));
      expect(answer.json).toMatchObject({ results: [{ revoked: true }], committed: [true, true], tokens: null });
      expect((await site.browser().get('/who', bearing(access))).status).toBe(401);
      const { accessToken } = await site.appTokens('bob', '&scope=orders:read');
      const refused = await signedInPage(site);
      const others = await site.browser().post('/within?act=sign-out-others&end=commit', bearing(refused.access));
      expectRefused(others, 403);
      expect((await site.browser().get('/who', bearing(accessToken))).status).toBe(200);
    });
  });
}
