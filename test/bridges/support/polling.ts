import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { memoryStore } from 'session-revocation/memory';
import type { CookieJar } from 'tough-cookie';
import { describe, expect, onTestFinished, test } from 'vitest';
import { size } from '../../ci-only.ts';
import { newPrefix, removeKeys } from '../../engines/support/redis-clients.ts';
import { CHROME_ON_MAC } from '../../frameworks/http/browser.ts';
import { TestClock } from '../../frameworks/http/site.ts';
import { findService } from '../../services/index.ts';
import { type Inner, open, type SessionLayer, SiteBrowser } from './koa-fastify-site.ts';

/** Races of each sort. `RACES=1000 CI=1` tries more of them, and prints how many browsers two processes signed out. */
const RACES = Number(process.env.RACES ?? size('bridges: users of each sort whose other tabs ask all the time'));
/** How many races run at once, each of a user of its own. */
const LANES = 4;

/** A tab of a browser: it has the browser's cookies, and asks a server of its own. */
class Tab extends SiteBrowser {
  override readonly jar: CookieJar;

  constructor(url: string, layer: SessionLayer, jar: CookieJar) {
    super(url, CHROME_ON_MAC, layer);
    this.jar = jar;
  }
}

const EVERY_VERB = ['get', 'set', 'destroy', 'touch'];

/** What a user does while the other tabs of the browser ask all the time, and how the session is prepared for it. */
const ACTS = {
  'signs out all others': {
    steps: EVERY_VERB,
    polls: ['who', 'cart', 'me'],
    prepare: async (tab: SiteBrowser, user: string) => void (await tab.login(user)),
    act: (tab: SiteBrowser) => tab.post('/sign-out-others'),
  },
  // No store of an inner layer's can write on a condition: a visitor's save, the look before it and the write, is one step.
  'signs in': {
    steps: ['get', 'destroy', 'touch'],
    polls: ['who', 'cart', 'me'],
    prepare: async (tab: SiteBrowser) => void (await tab.post('/cart?item=tea')),
    act: (tab: SiteBrowser, user: string) => tab.post(`/login?user=${user}`),
  },
  // A request without a cookie may get one from the inner layer: while no user is signed in, the other tabs only look.
  'signs out and in again': {
    steps: EVERY_VERB,
    polls: ['who', 'me', 'who'],
    prepare: async (tab: SiteBrowser, user: string) => void (await tab.login(user)),
    act: async (tab: SiteBrowser, user: string) => {
      await tab.post('/sign-out');
      return tab.post(`/login?user=${user}`);
    },
  },
} as const;

type Act = keyof typeof ACTS;

const POLLS = {
  who: (tab: SiteBrowser) => tab.get('/who'),
  cart: (tab: SiteBrowser) => tab.post('/cart?item=milk'),
  me: (tab: SiteBrowser) => tab.get('/me'),
} as const;

type Tabs = readonly [SiteBrowser, ...SiteBrowser[]];

/** Acts while the other tabs ask. Gives why the user is not signed in in every tab afterwards; `null` where they are. */
async function race(act: Act, tabs: Tabs, user: string, time: number): Promise<string | null> {
  const [clicker, ...others] = tabs;
  await ACTS[act].prepare(clicker, user);
  let isDone = false;
  const polls = others.map(async (tab, at) => {
    while (!isDone) await POLLS[ACTS[act].polls[at % 3]!](tab);
  });
  for (let turns = time % 8; turns > 0; turns--) await turn();
  const answer = await ACTS[act].act(clicker, user);
  isDone = true;
  await Promise.all(polls);
  if (answer.status !== 200) return `${answer.status} ${answer.text}`;
  return whyNotSignedIn(tabs, user);
}

async function whyNotSignedIn(tabs: Tabs, user: string): Promise<string | null> {
  for (const tab of tabs) {
    const { status, json } = await tab.get('/me');
    if (status !== 200 || json?.user !== user) return `${status}`;
  }
  return null;
}

async function raceOften(
  times: number,
  run: (user: string, time: number) => Promise<string | null>,
): Promise<string[]> {
  const lost: string[] = [];
  const lane = async (first: number): Promise<void> => {
    for (let time = first; time < times; time += LANES) {
      const what = await run(`user-${time}`, time);
      if (what !== null) lost.push(`race ${time}: ${what}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
  return lost;
}

/** Counts what is asked of the stores of an app, and runs something before one of these questions. */
class Steps {
  #next = 0;
  #at = -1;
  #run: () => Promise<unknown> = async () => {};

  /** Before question `at`, counted from now on, `run` has its turn. */
  interrupt(at: number, run: () => Promise<unknown>): void {
    [this.#next, this.#at, this.#run] = [0, at, run];
  }

  /** Whether there was such a question. Nothing is run any more. */
  stop(): boolean {
    const wasThere = this.#next > this.#at;
    this.#at = -1;
    return wasThere;
  }

  pass = async (): Promise<void> => {
    if (this.#next++ === this.#at) await this.#run();
  };

  /** A store of an inner layer's, whose answers come by a callback or as promises. These verbs are steps. */
  over<Store extends object>(store: Store, verbs: readonly string[]): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const ask = (...args: unknown[]): unknown => Reflect.apply(member, target, args);
        return verbs.includes(String(name)) ? (...args: unknown[]) => this.pass().then(() => ask(...args)) : ask;
      },
    });
  }
}

/** A real store of the inner layer's where its server is here: one in memory may give the very object that it was given. */
async function openInner({ inners }: SessionLayer): Promise<Inner> {
  const inner = await inners.findLast(({ open }) => open !== null)!.open!();
  onTestFinished(inner.close);
  return inner;
}

/** Two apps that share their stores, as two processes do. */
async function openTwo(layer: SessionLayer, settings: object, verbs: readonly string[]) {
  const [inner, store, steps] = [await openInner(layer), memoryStore(), new Steps()];
  const watched = { ...inner, store: steps.over(inner.store, verbs) };
  const clock = new TestClock();
  const one = await open(layer, { inner: watched, store, clock, settings });
  const two = await open(layer, { inner, store, clock, settings });
  one.store.before = steps.pass;
  return { one, two, steps };
}

const redisUrl = await findService('redis');

/** A process that serves an app, for the duration of a test. */
async function startProcess(script: string, layer: SessionLayer, settings: object, prefix: string): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', script, layer.name, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'test', REDIS_URL: redisUrl ?? '', REDIS_PREFIX: prefix },
  });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'close');
    child.stdin?.end();
    await ended;
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return line.toString().trim();
}

/** Tabs that ask all the time, while their browser gets another session. */
export function pollingBehaviours(
  layer: SessionLayer,
  optionSets: Readonly<Record<string, object>>,
  script: string | null,
): void {
  const sets = Object.entries(optionSets).slice(
    0,
    size('bridges: settings of an inner layer whose users have other tabs'),
  );
  const variants = sets.flatMap(([name, settings]) =>
    (Object.keys(ACTS) as Act[]).map((act) => [act, name, settings] as const),
  );

  describe('a user whose other tabs ask all the time', { timeout: 900_000 }, () => {
    test.each(variants)(`%s, %s, ${RACES} times: stays signed in`, async (act, _, settings) => {
      const { url } = await open(layer, { inner: await openInner(layer), settings });
      const lost = await raceOften(RACES, (user, time) => {
        const first = new SiteBrowser(url, CHROME_ON_MAC, layer);
        const others = [url, url, url].map((at) => new Tab(at, layer, first.jar));
        return race(act, [first, ...others], user, time);
      });
      expect({ lost: lost.length, such: lost.slice(0, 3) }).toEqual({ lost: 0, such: [] });
    });

    test.each(variants)(
      '%s, %s: stays signed in, whichever step another request comes before',
      async (act, _, settings) => {
        const { one, two, steps } = await openTwo(layer, settings, ACTS[act].steps);
        const lost: string[] = [];
        let races = 0;
        for (const poll of Object.keys(POLLS) as (keyof typeof POLLS)[]) {
          for (const isWithin of [true, false]) {
            // Each step of the act with a poll before it, then each step of a poll with the act before it.
            for (let step = 0, wasThere = true; wasThere; step++) {
              const user = `user-${races++}`;
              const tab = new SiteBrowser(one.url, CHROME_ON_MAC, layer);
              const other = new Tab(two.url, layer, tab.jar);
              await ACTS[act].prepare(tab, user);
              const ask = (): Promise<unknown> => POLLS[poll](isWithin ? other : tab);
              const doIt = (): Promise<unknown> => ACTS[act].act(isWithin ? tab : other, user);
              steps.interrupt(step, isWithin ? ask : doIt);
              await (isWithin ? doIt : ask)();
              wasThere = steps.stop();
              if (!wasThere) continue;
              for (const each of [tab, other]) {
                const { status } = await each.get('/me');
                if (status !== 200) lost.push(`${poll} ${isWithin ? 'within' : 'around'} step ${step}`);
              }
            }
          }
        }
        expect(lost).toEqual([]);
        expect(races).toBeGreaterThan(20);
      },
    );

    describe.skipIf(redisUrl === null || script === null)('in two processes', () => {
      // An answer that was under way may still sign the browser out: the docs say when. No later request may.
      test.each(variants)(
        `%s, %s, ${RACES} times: no request that begins afterwards signs them out`,
        async (act, name, settings) => {
          const prefix = newPrefix();
          onTestFinished(() => removeKeys(redisUrl!, prefix));
          const [one = '', two = ''] = await Promise.all([
            startProcess(script!, layer, settings, prefix),
            startProcess(script!, layer, settings, prefix),
          ]);
          let overtaken = 0;
          const lost = await raceOften(RACES, async (user, time) => {
            const first = new SiteBrowser(one, CHROME_ON_MAC, layer);
            const tabs = [first, ...[two, two, one].map((url) => new Tab(url, layer, first.jar))] as const;
            if ((await race(act, tabs, user, time)) !== null) {
              overtaken++;
              await first.login(user);
            }
            await Promise.all(tabs.flatMap((tab) => Object.values(POLLS).map((poll) => poll(tab))));
            return whyNotSignedIn(tabs, user);
          });
          if (process.env.RACES !== undefined) console.log(`${layer.name}, ${act}, ${name}: ${overtaken} of ${RACES}`);
          expect({ lost: lost.length, such: lost.slice(0, 3) }).toEqual({ lost: 0, such: [] });
        },
      );
    });
  });
}
