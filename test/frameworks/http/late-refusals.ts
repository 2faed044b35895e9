import { describe, expect, test } from 'vitest';
import { includes } from '../../ci-only.ts';
import { type Answer, type Browser, fetchMetadata, type Headers, NAVIGATION, SCRIPT } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework } from './framework.ts';
import { COOKIE, DAY, open, type Site, type SiteOptions } from './site.ts';
import { bearing, openTokenSite, REFRESH_COOKIE, signedInPage, type TokenSite } from './token-site.ts';
import { tokenOfElsewhere } from './tokens.ts';

/** Orders of a refused request and a sign-in of one browser. The server judges each, and then its answer arrives. */
const ORDERS = [
  ['judged', 'arrives', 'signs in', 'is signed in'],
  ['judged', 'signs in', 'arrives', 'is signed in'],
  ['judged', 'signs in', 'is signed in', 'arrives'],
  ['signs in', 'judged', 'arrives', 'is signed in'],
  ['signs in', 'judged', 'is signed in', 'arrives'],
  ['signs in', 'is signed in', 'judged', 'arrives'],
] as const;

type Ask = readonly [method: string, path: string, headers: Headers];

/** Requests that need a session. */
const ASKS: readonly Ask[] = [
  ['GET', '/private', SCRIPT],
  ['GET', '/private', NAVIGATION],
  ['POST', '/private', NAVIGATION],
  ['GET', '/sessions', SCRIPT],
  ['GET', '/recent', SCRIPT],
  ['GET', '/unguarded', SCRIPT],
];
/** Acts that need a session. When the server judges them, the session is over. */
const ACTS: readonly Ask[] = [
  ['POST', '/sessions/sign-out-others', SCRIPT],
  ['POST', '/sessions/sign-out-everywhere', NAVIGATION],
  ['DELETE', `/sessions/${'A'.repeat(22)}`, SCRIPT],
  ['PUT', '/sessions/policy', SCRIPT],
];

/** Returns the requests to play in an order. An ordinary run plays only one of them for each order, in turn. */
const played = (asks: readonly Ask[], at: number): readonly Ask[] =>
  includes('frameworks: every request that is refused late') ? asks : [asks[at % asks.length]!];

interface Reason extends Pick<SiteOptions, 'sessions'> {
  /** Ends the session. `null` means that the new sign-in ends it. */
  readonly end: ((site: Site, id: string, browser: Browser) => unknown) | null;
}

const REASONS: Readonly<Record<string, Reason>> = {
  revoked: { end: ({ sessions }) => sessions.revoke({ user: 'alice' }, { by: 'admin' }) },
  'ended on another device': { end: ({ sessions }, id) => sessions.end(id, { user: 'alice', reason: 'signed-out' }) },
  'signed out in another tab': { end: (_, __, browser) => browser.post('/sessions/sign-out') },
  'signed out everywhere in another tab': { end: (_, __, browser) => browser.post('/sessions/sign-out-everywhere') },
  expired: { end: ({ clock }) => clock.advance(31 * DAY) },
  'replaced on another device': { end: ({ sessions }, id) => sessions.end(id, { user: 'alice', reason: 'replaced' }) },
  'replaced by the sign-in': { end: null, sessions: { replace: 'same-browser' } },
  'over the limit by the sign-in': { end: null, sessions: { limit: { perUser: 1, overflow: 'end-oldest' } } },
};

/** Runs the steps of two requests of one browser in an order. Returns the answer that may arrive late. */
async function interleave(
  browser: Browser,
  order: (typeof ORDERS)[number],
  [method, path, headers]: Ask,
  cookie: string,
  signInPath: string,
): Promise<Answer> {
  let refused: Answer | undefined;
  let signedIn: Answer | undefined;
  for (const step of order) {
    if (step === 'judged') refused = await browser.send(method, path, { ...headers, cookie });
    else if (step === 'signs in') signedIn = await browser.send('POST', signInPath);
    else if (step === 'arrives') browser.receive(path, refused!);
    else browser.receive(signInPath, signedIn!);
  }
  return refused!;
}

/** Tests the answers to requests with an ended session, while the same browser signs in again. */
export function lateRefusals(framework: Framework): void {
  describe('a refusal that arrives late leaves the newer cookie alone, in every order', () => {
    test.each(Object.entries(REASONS))('%s', async (_, { end, sessions }) => {
      const site = await open(framework, {
        authentication: { loginUrl: '/login' },
        ...(sessions === undefined ? {} : { sessions }),
      });
      for (const [at, order] of ORDERS.entries()) {
        for (const ask of played(end === null ? ASKS : [...ASKS, ...ACTS], at)) {
          const about = `${order.join(', ')}: ${ask[0]} ${ask[1]}`;
          const browser = site.browser();
          const id = await browser.signIn('alice');
          const before = browser.session;
          await end?.(site, id, browser);
          const refused = await interleave(browser, order, ask, before, '/sign-in?user=alice');
          expect(refused.setCookies, about).toEqual([]);
          if (end !== null) expect([401, 303], about).toContain(refused.status);
          expect(browser.cookie(COOKIE), about).toMatch(/^sr1\./);
          expect(browser.session, about).not.toBe(before);
          expect((await browser.get('/private')).json, about).toMatchObject({ user: 'alice' });
        }
      }
    });

    const REFRESH: Ask = ['POST', '/sessions/refresh', SCRIPT];
    const refreshReasons: Readonly<Record<string, (site: TokenSite, id: string, browser: Browser) => unknown>> = {
      revoked: ({ sessions }) => sessions.revoke({ user: 'alice' }),
      ended: ({ sessions }, id) => sessions.end(id, { user: 'alice', reason: 'signed-out' }),
      expired: ({ clock }) => clock.advance(31 * DAY),
      replaced: ({ sessions }, id) => sessions.end(id, { user: 'alice', reason: 'replaced' }),
      // The late request is the second use, and ends the session.
      'used before': (_, __, browser) => browser.post('/sessions/refresh'),
      'used before, twice': async ({ browser: open_ }, _, browser) => {
        const cookie = `${REFRESH_COOKIE}=${browser.cookie(REFRESH_COOKIE)}`;
        for (const tab of [open_(), open_()]) await tab.post('/sessions/refresh', { cookie });
      },
    };

    test.each(Object.entries(refreshReasons))('the refresh token’s: %s', async (_, end) => {
      const site = await openTokenSite(framework);
      for (const order of ORDERS) {
        const { browser, access } = await signedInPage(site);
        const { json } = await browser.get('/who', bearing(access));
        const before = browser.cookie(REFRESH_COOKIE);
        await end(site, String(json?.id), browser);
        const cookie = `${REFRESH_COOKIE}=${before}`;
        const refused = await interleave(browser, order, REFRESH, cookie, '/token-sign-in?refresh=cookie');
        expect(refused, order.join()).toMatchObject({
          ...{ status: 400, json: { error: 'invalid_grant' }, setCookies: [] },
        });
        expect(browser.cookie(REFRESH_COOKIE), order.join()).not.toBe(before);
        expect((await browser.post('/sessions/refresh')).status, order.join()).toBe(200);
      }
    });
  });

  test('a cookie whose session is over stays, is told the same reason each time, and costs one look-up each time', async () => {
    const site = await open(framework, { authentication: { loginUrl: '/login' } });
    const browser = site.browser();
    await browser.signIn('alice');
    const before = browser.session;
    await site.sessions.trigger('passwordReset', { user: 'alice' });
    site.store.forget();
    for (let at = 0; at < 3; at++) {
      expectProblem(await browser.get('/private'), 401, 'session-required');
      const { headers } = await browser.get('/private', NAVIGATION);
      expect(headers.location).toBe('/login?returnTo=%2Fprivate&reason=password-reset');
    }
    expect(site.store.calls).toEqual(Array.from({ length: 6 }, () => 'find'));
    expect(browser.session).toBe(before);
    await browser.signIn('alice');
    expect((await browser.get('/private')).status).toBe(200);
  });

  describe('a sign-out with a session that is over deletes its cookie: the user asked for it', () => {
    const dead: Readonly<Record<string, (site: Site, id: string) => unknown>> = {
      revoked: ({ sessions }) => sessions.revoke({ user: 'alice' }),
      ended: ({ sessions }, id) => sessions.end(id, { user: 'alice', reason: 'signed-out' }),
      replaced: ({ sessions }, id) => sessions.end(id, { user: 'alice', reason: 'replaced' }),
      expired: ({ clock }) => clock.advance(31 * DAY),
    };
    const DELETED = [expect.stringMatching(`^${COOKIE}=; .*Max-Age=0`)];

    test.each(Object.entries(dead))('%s', async (_, end) => {
      const site = await open(framework, { authentication: { loginUrl: '/login' } });
      const outcomes: unknown[] = [];
      for (const [path, headers] of [
        ['/sign-out', SCRIPT],
        ['/sessions/sign-out', SCRIPT],
        ['/sessions/sign-out', NAVIGATION],
      ] as const) {
        const browser = site.browser();
        await end(site, await browser.signIn('alice'));
        const answer = await browser.post(path, headers);
        expect(answer.setCookies, path).toEqual(DELETED);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(browser.session).toBe('');
        outcomes.push([answer.status, answer.json?.ended]);
      }
      // The method has ended nothing. The routes tell the reason again.
      expect(outcomes).toEqual([
        [200, false],
        [401, undefined],
        [303, undefined],
      ]);
    });

    test.each(['/sign-out', '/sessions/sign-out'])('unknown, and malformed: by %s', async (path) => {
      const site = await open(framework);
      for (const token of [await tokenOfElsewhere('alice'), 'junk']) {
        const { setCookies } = await site.browser().post(path, { cookie: `${COOKIE}=${token}` });
        expect(setCookies).toEqual(DELETED);
      }
    });

    test.each(['/sign-out', '/sessions/sign-out'])(
      'but not one that was renewed, nor one of two, nor from another site, nor in an outage, nor where there is none: by %s',
      async (path) => {
        const site = await open(framework);
        const browser = site.browser();
        await browser.signIn('alice');
        const renewed = browser.session;
        await browser.post('/renew');
        const other = site.browser();
        await other.signIn('alice');
        await site.sessions.revoke({ user: 'alice' });
        const over = other.session;
        await browser.signIn('alice');
        const asked = (headers: Headers): Promise<Answer> => site.browser().post(path, headers);
        const answers = [
          await asked({ cookie: renewed }),
          await asked({ cookie: `${over}; ${COOKIE}=junk` }),
          await asked({ cookie: over, ...fetchMetadata('cross-site') }),
          await asked({}),
        ];
        site.store.state = 'throws';
        answers.push(await asked({ cookie: over }));
        expect(answers.map(({ setCookies }) => setCookies)).toEqual(answers.map(() => []));
        site.store.state = 'answers';
        expect((await browser.get('/private')).status).toBe(200);
      },
    );
  });
}
