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

/** Races of each sort. `RACES=1000 CI=1` runs more, and prints how many browsers two processes signed out. */
const RACES = Number(process.env.RACES ?? size('bridges: users of each sort whose other tabs ask all the time'));
/** How many races run at once, each with its own user. */
const LANES = 4;

/** A tab of a browser. It shares the browser's cookies, and may use another server. */
class Tab extends SiteBrowser {
  override readonly jar: CookieJar;

  constructor(url: string, layer: SessionLayer, jar: CookieJar) {
    super(url, CHROME_ON_MAC, layer);
    this.jar = jar;
  }
}

const EVERY_VERB = ['get', 'set', 'destroy', 'touch'];

/** Acts of a user while the other tabs of the browser send requests all the time, with their preparations. */
const ACTS = {
  'signs out all others': {
    steps: EVERY_VERB,
    polls: ['who', 'cart', 'me'],
    prepare: async (tab: SiteBrowser, user: string) => void (await tab.login(user)),
    act: (tab: SiteBrowser) => tab.post('/sign-out-others'),
  },
  // `set` is no step. Inner stores have no conditional writes, so a visitor's save (read, then write) is one step.
  'signs in': {
    steps: ['get', 'destroy', 'touch'],
    polls: ['who', 'cart', 'me'],
    prepare: async (tab: SiteBrowser) => void (await tab.post('/cart?item=tea')),
    act: (tab: SiteBrowser, user: string) => tab.post(`/login?user=${user}`),
  },
  // The inner layer may give a cookie to a request without one. So the other tabs only read while no user is signed in.
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

/** Acts while the other tabs poll. Returns why a tab is not signed in afterwards, or `null` if all are. */
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

/** Counts the calls of an app's stores, and runs a function before one of these calls. */
class Steps {
  #next = 0;
  #at = -1;
  #run: () => Promise<unknown> = async () => {};

  /** Runs `run` before call number `at`, counted from now. */
  interrupt(at: number, run: () => Promise<unknown>): void {
    [this.#next, this.#at, this.#run] = [0, at, run];
  }

  /** Stops interrupting. Returns whether call number `at` happened. */
  stop(): boolean {
    const wasThere = this.#next > this.#at;
    this.#at = -1;
    return wasThere;
  }

  pass = async (): Promise<void> => {
    if (this.#next++ === this.#at) await this.#run();
  };

  /** Returns an inner store with callbacks or promises whose calls of these verbs count as steps. */
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

/** Opens an inner store on a server if possible. A store in memory may return the very object that was saved. */
async function openInner({ inners }: SessionLayer): Promise<Inner> {
  const inner = await inners.findLast(({ open }) => open !== null)!.open!();
  onTestFinished(inner.close);
  return inner;
}

/** Opens two apps that share their stores, like two processes. */
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

/** Starts a process that serves an app until the end of the test. Returns its address. */
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

/** Tests tabs that send requests all the time while their browser gets another session. */
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
            // Tries every step of the act with a poll before it, then every step of a poll with the act before it.
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
      // A request that was under way may still sign the browser out, as the docs explain. A later request must not.
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
