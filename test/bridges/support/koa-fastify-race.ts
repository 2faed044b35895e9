import { describe, expect, onTestFinished, test } from 'vitest';
import { size } from '../../ci-only.ts';
import type { Answer } from '../../frameworks/http/browser.ts';
import {
  type Inner,
  open,
  type Page,
  type RequestState,
  type SessionLayer,
  type Site,
  type SiteBrowser,
} from './koa-fastify-site.ts';

/** How many races run at once, each with its own user. */
const LANES = 10;

/** Actions of a held request after its release. The inner layer saves the session when the request is answered. */
const ENDINGS = {
  'modified data': ({ data }) => {
    if (data !== null) data.cart = [...(data.cart ?? []), 'tea'];
  },
  'nothing of its own': () => null,
  'an explicit save': (visit) => visit.save(),
  'a regenerated session': async (visit) => {
    const { userId } = visit.data ?? {};
    await visit.regenerate();
    Object.assign(visit.data ?? {}, { userId });
  },
} satisfies Readonly<Record<string, (visit: RequestState) => unknown>>;

type Ending = keyof typeof ENDINGS;

const gate = (): readonly [passing: Promise<void>, open: () => void] => {
  let open = (): void => {};
  const passing = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [passing, open];
};

/** Holds requests between the reading of the session and its saving. */
class InFlight {
  readonly #held: { readonly arrive: () => void; readonly going: Promise<void>; readonly ending: Ending }[] = [];

  readonly page: Page = {
    method: 'post',
    path: '/held',
    run: async (visit) => {
      const { arrive, going, ending } = this.#held[Number(visit.query.get('number'))]!;
      arrive();
      await going;
      const end: (visit: RequestState) => unknown = ENDINGS[ending];
      await end(visit);
      return 'ended';
    },
  };

  /** Sends a request and returns when it has read the session. The result lets it end, and returns its answer. */
  async send(browser: SiteBrowser, ending: Ending): Promise<() => Promise<Answer>> {
    const [arrived, arrive] = gate();
    const [going, go] = gate();
    const number = this.#held.push({ arrive, going, ending }) - 1;
    const answer = browser.post(`/held?number=${number}`);
    await Promise.race([arrived, answer]);
    return () => {
      go();
      return answer;
    };
  }
}

async function race(times: number, run: (user: string, time: number) => Promise<void>): Promise<void> {
  const lane = async (first: number): Promise<void> => {
    for (let time = first; time < times; time += LANES) await run(`user-${time}`, time);
  };
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
}

/** Returns whether one of the cookies has a user. Asks twice, because the second request must be refused, too. */
async function isAlive(browser: SiteBrowser, cookies: readonly string[]): Promise<boolean> {
  for (const cookie of [...cookies, ...cookies]) {
    if ((await browser.get('/inner', { cookie })).json?.user !== null) return true;
    if ((await browser.get('/me', { cookie })).status !== 401) return true;
  }
  return false;
}

/** Tests requests that are in flight while their user signs out everywhere. */
export function raceBehaviours(layer: SessionLayer): void {
  const variants: readonly (readonly [ending: Ending, name: string, settings: object])[] = [
    ['modified data', 'the usual settings', {}],
    ['nothing of its own', 'rolling', layer.rolling],
    ['an explicit save', 'the usual settings', {}],
    ['a regenerated session', 'the usual settings', {}],
  ];

  async function start(inner: Inner, settings: object, isPlain = false): Promise<{ site: Site; inFlight: InFlight }> {
    const inFlight = new InFlight();
    const site = await open(layer, { inner, settings, isPlain, pages: [inFlight.page] });
    return { site, inFlight };
  }

  describe.each(layer.inners)('on $name', ({ name, open: openInner }) => {
    const place = name === layer.inners[0].name ? 'in memory' : 'on another store';
    const sort = `bridges: races of each sort in koa-session and @fastify/session, ${place}` as const;
    const times = Number(process.env.RACES ?? size(sort));

    describe.skipIf(openInner === null)(
      `a request in flight while its user signs out everywhere, ${times} times`,
      () => {
        test.each(variants)('%s, %s: brings nothing back', { timeout: 600_000 }, async (ending, _, settings) => {
          const inner = await openInner!();
          onTestFinished(inner.close);
          const { site, inFlight } = await start(inner, settings);
          const revived: string[] = [];
          let ended = 0;
          await race(times, async (user, time) => {
            const [browser, other] = [site.browser(), site.browser()];
            await browser.login(user);
            await other.login(user);
            const before = browser.session;
            const release = await inFlight.send(browser, ending);
            // Alternates between another device and another tab of the same browser.
            const by = time % 2 === 0 ? other : browser;
            expect((await by.post('/sessions/sign-out-everywhere')).status).toBe(204);
            if ((await release()).status === 200) ended++;
            if (await isAlive(browser, [browser.session, before])) revived.push(user);
            if ((await site.sessions.list({ user })).sessions.length > 0) revived.push(user);
          });
          expect(revived).toEqual([]);
          expect(ended).toBe(times);
        });
      },
    );
  });

  test.each(variants.filter(([ending]) => ending !== 'a regenerated session'))(
    'a request in flight while its user signs out all others in another tab, %s, %s: the session goes on under its new id',
    async (ending, _, settings) => {
      const inner = await layer.inners[0].open!();
      onTestFinished(inner.close);
      const { site, inFlight } = await start(inner, settings);
      await race(LANES, async (user) => {
        const browser = site.browser();
        await browser.login(user);
        const before = browser.session;
        const release = await inFlight.send(browser, ending);
        expect((await browser.post('/sessions/sign-out-others')).status).toBe(204);
        expect((await release()).status).toBe(200);
        expect((await browser.get('/me')).json).toMatchObject({ user });
        expect(await isAlive(browser, [before])).toBe(false);
        expect((await site.sessions.list({ user })).sessions).toHaveLength(1);
      });
    },
  );

  test('the same without the bridge: a save in flight brings a destroyed session back', async () => {
    const inner = await layer.inners[0].open!();
    const { site, inFlight } = await start(inner, {}, true);
    let revived = 0;
    await race(LANES, async (user) => {
      const browser = site.browser();
      await browser.post(`/inner-login?user=${user}`);
      const cookie = browser.session;
      const release = await inFlight.send(browser, 'modified data');
      // "Sign out everywhere" as apps implement it without the bridge.
      await inner.remove(browser.sid);
      expect((await browser.get('/inner', { cookie })).json).toMatchObject({ user: null });
      await release();
      if ((await browser.get('/inner', { cookie })).json?.user === user) revived++;
    });
    expect(revived).toBe(LANES);
  });
}
