import type { SessionOptions, Store } from 'express-session';
import { describe, expect, onTestFinished, test } from 'vitest';
import { size } from '../ci-only.ts';
import { called } from './support/callback-calls.ts';
import { type Ending, InFlight } from './support/in-flight.ts';
import { innerKinds, memory } from './support/inner-stores.ts';
import { addPassport } from './support/passport.ts';
import { open, type Site, type SiteBrowser, type SiteOptions } from './support/site.ts';

/** How many races run at once, each with its own user. */
const LANES = 10;

const VARIANTS: readonly (readonly [ending: Ending, name: string, settings: Partial<SessionOptions>])[] = [
  ['modified data', 'the usual settings', {}],
  ['modified data', 'rolling and resave', { rolling: true, resave: true, cookie: { maxAge: 3600e3 } }],
  ['nothing of its own', 'the usual settings', {}],
  ['nothing of its own', 'rolling', { rolling: true, cookie: { maxAge: 3600e3 } }],
  ['nothing of its own', 'resave', { resave: true }],
  ['a touched session', 'the usual settings', {}],
  ['an explicit save', 'the usual settings', {}],
  ['a regenerated session', 'the usual settings', {}],
  ['Passport’s login again', 'the usual settings', {}],
];

/** Runs `run` for this many users, `LANES` of them at a time. */
async function race(times: number, run: (user: string, time: number) => Promise<void>): Promise<void> {
  const lane = async (first: number): Promise<void> => {
    for (let time = first; time < times; time += LANES) await run(`user-${time}`, time);
  };
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
}

async function start(options: SiteOptions): Promise<{ site: Site; inFlight: InFlight }> {
  const inFlight = new InFlight();
  const site = await open({
    ...options,
    pages: (app) => {
      addPassport(app);
      inFlight.addPage(app);
    },
  });
  return { site, inFlight };
}

/** Returns whether one of the cookies has a user, for the inner layer or for this library. Asks twice. */
async function isAlive(browser: SiteBrowser, cookies: readonly string[]): Promise<boolean> {
  for (const cookie of [...cookies, ...cookies]) {
    if ((await browser.get('/inner', { cookie })).json?.user !== null) return true;
    if ((await browser.get('/me', { cookie })).status !== 401) return true;
  }
  return false;
}

describe.each(innerKinds)('on $name', ({ name, open: openInner }) => {
  const place = name === 'MemoryStore' ? 'in memory' : 'on another store';
  const times = Number(process.env.RACES ?? size(`bridges: races of each sort in express-session, ${place}`));

  describe.skipIf(openInner === null)(`a request in flight while its user signs out everywhere, ${times} times`, () => {
    test.each(VARIANTS)('%s, %s: brings nothing back', { timeout: 600_000 }, async (ending, _, settings) => {
      const { store, close } = await openInner!();
      onTestFinished(close);
      const { site, inFlight } = await start({ inner: store, settings });
      let answered = 0;
      const revived: string[] = [];
      await race(times, async (user, time) => {
        const [browser, other] = [site.browser(), site.browser()];
        if (ending === 'Passport’s login again') await browser.post(`/passport/login?user=${user}&password=right`);
        else await browser.login(user);
        await other.login(user);
        const before = browser.session;
        const held = await inFlight.send(browser, ending);
        // Alternates between another device and another tab of the same browser.
        const by = time % 2 === 0 ? other : browser;
        expect((await by.post('/sessions/sign-out-everywhere')).status).toBe(204);
        if ((await held.release()).json !== null) answered++;

        if (await isAlive(browser, [browser.session, before])) revived.push(user);
        if ((await site.sessions.list({ user })).sessions.length > 0) revived.push(user);
      });
      expect(revived).toEqual([]);
      expect(answered).toBe(times);
    });
  });
});

describe('a request in flight while its user signs out all others in another tab', () => {
  // Excludes endings that regenerate the id: such a request gets a new session without a user.
  test.each(VARIANTS.filter(([ending]) => ending !== 'a regenerated session' && ending !== 'Passport’s login again'))(
    '%s, %s: the session goes on under its new id, and the old one is dead',
    async (ending, _, settings) => {
      const { site, inFlight } = await start({ settings });
      await race(LANES, async (user) => {
        const browser = site.browser();
        await browser.login(user);
        const before = browser.session;
        const held = await inFlight.send(browser, ending);
        expect((await browser.post('/sessions/sign-out-others')).status).toBe(204);
        await held.release();
        expect((await browser.get('/me')).json).toMatchObject({ user });
        expect(await isAlive(browser, [before])).toBe(false);
        expect((await site.sessions.list({ user })).sessions).toHaveLength(1);
      });
    },
  );
});

test('a browser that never got its new id is a stranger under the former one, whose data are kept', async () => {
  const { site } = await start({});
  const browser = site.browser();
  await browser.login('alice');
  await browser.post('/cart?item=tea');
  const cookie = browser.session;
  await browser.post('/renew');

  const keeps = async (item: string): Promise<unknown> => {
    await browser.post(`/cart?item=${item}`, { cookie });
    return (await browser.get('/who', { cookie })).json;
  };
  expect(await keeps('milk')).toMatchObject({ user: null, inner: null, cart: ['milk'] });
  expect(await keeps('bread')).toMatchObject({ user: null, inner: null, cart: ['milk', 'bread'] });
  expect((await browser.get('/who')).json).toMatchObject({ user: 'alice', cart: ['tea'] });
});

describe('express-session without the bridge', () => {
  test('a save in flight brings a destroyed session back', async () => {
    const { store: inner } = await memory();
    const { site, inFlight } = await start({ inner, plain: true });
    let revived = 0;
    await race(LANES, async (user) => {
      const [browser, other] = [site.browser(), site.browser()];
      await browser.post(`/inner-login?user=${user}`);
      await other.post(`/inner-login?user=${user}`);
      const held = await inFlight.send(browser, 'modified data');
      await destroyAllOf(inner, user);
      expect((await browser.get('/inner')).json).toMatchObject({ user: null });

      await held.release();
      if ((await browser.get('/inner')).json?.user === user) revived++;
    });
    expect(revived).toBeGreaterThan(0);
  });
});

/** "Sign out everywhere" as apps with express-session implement it. */
async function destroyAllOf(store: Store, user: string): Promise<void> {
  const { value } = await called<Parameters<Parameters<NonNullable<Store['all']>>[0]>[1]>((callback) =>
    store.all?.(callback),
  );
  for (const [sid, data] of Object.entries(value ?? {})) {
    if (data.userId === user) await called((callback) => store.destroy(sid, callback));
  }
}
