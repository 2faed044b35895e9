import { fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import { memoryStore } from 'session-revocation/memory';
import { clearPlace, findPlace, type Place } from '../../test/services/stores.ts';
import {
  apps,
  connectPgSimple,
  connectRedis,
  expressBetterAuth,
  expressTheirs,
  ourApps,
  type Running,
} from '../contenders/apps.ts';
import { onEngine, openPlace, type Placed, placed } from '../harness/placed.ts';
import { type BlockTook, type Contender, type Goal, type Race, race, type Section } from '../harness/section.ts';

const CONNECTIONS = 32;
const SECONDS = 0.4;
/** The load generator uses another processor for part of the time, so only the app's processor time is compared. */
const LOAD = { rounds: 11, inFlight: [CONNECTIONS], clock: 'processor' } as const;
const FRESH = { freshness: { maxStaleness: '1s' } };

/**
 * Starts the app in its own process. This process sends the load. With `warm`, each block begins with a load that does not
 * count: while the others had their turns, what the app remembered has become too old.
 */
const app =
  <Shared>(start: (shared: Shared) => Promise<Running>, { warm = false } = {}): Contender<Shared> =>
  async (shared) => {
    if (process.env.BENCH_SERVES) return serve(await start(shared));
    const [program = '', ...args] = process.argv.slice(1);
    const child = fork(program, args, { env: { ...process.env, BENCH_SERVES: '1' }, execArgv: process.execArgv });
    const told = async (): Promise<unknown> => (await once(child, 'message'))[0];
    await told();
    child.send({ shared });
    const { url, cookies } = (await told()) as Running;
    await told();
    const requests = cookies.map((cookie) => ({ headers: { cookie } }));
    const usage = async (): Promise<number> => {
      child.send({});
      return ((await told()) as BlockTook).processor;
    };
    return {
      async measure() {
        const load = { url, connections: CONNECTIONS, duration: SECONDS, sampleInt: 50, requests: [...requests] };
        if (warm) await autocannon(load);
        const before = await usage();
        const began = performance.now();
        const { requests: done, non2xx, errors } = await autocannon(load);
        const wall = (performance.now() - began) * 1000;
        if (non2xx > 0 || errors > 0) throw new Error(`${non2xx} answers are wrong, ${errors} requests failed.`);
        if (done.total === 0) throw new Error('The machine is too busy: no request was answered.');
        return { wall: wall / done.total, processor: ((await usage()) - before) / done.total };
      },
      async stop() {
        child.kill();
        await once(child, 'exit');
      },
    };
  };

/** Sends the app's address to the load generator. Then reports the processor time of the app's process. */
function serve(running: Running) {
  process.send?.(running);
  return {
    async measure() {
      const { user, system } = process.cpuUsage();
      return { wall: 0, processor: user + system };
    },
  };
}

const framework = (name: 'fastify' | 'koa', theirs: 'koa-session' | '@fastify/session', goals: readonly Goal[]): Race =>
  race({
    title: name === 'koa' ? 'Koa' : 'Fastify',
    ...LOAD,
    contenders: {
      bare: app(apps[name]),
      'by hand': app(apps[`${name}, inlined`]),
      ours: app(() => ourApps[name]({ store: memoryStore() })),
      [theirs]: app(apps[theirs]),
    },
    goals,
  });

const onStore = (options: object = {}) => app<Placed>(({ place }) => ourApps.express(openPlace(place), options));

const inStore = (engine: Place['engine'], title: string, theirs: Record<string, Contender<Placed>>): Race =>
  race<Placed>({
    title,
    ...LOAD,
    ...placed(onEngine(engine), 1),
    contenders: {
      bare: app(apps.express),
      ours: onStore(),
      "ours, maxStaleness: '1s'": onStore(FRESH),
      ...theirs,
    },
  });

const ENGINES = ['sqlite', 'redis', 'postgres'] as const;
type Places = Readonly<Partial<Record<(typeof ENGINES)[number], Place>>>;

const fromMemory = (name: keyof typeof ourApps): Race => {
  const over = (engine: (typeof ENGINES)[number]): Contender<Places> =>
    app<Places>((places) => ourApps[name](openPlace(places[engine] as Place), FRESH), { warm: true });
  const inMemory = app<Places>(() => ourApps[name]({ store: memoryStore() }, FRESH), { warm: true });
  const titles = { sqlite: 'SQLite in a file', redis: 'Redis', postgres: 'Postgres' };
  const floor = 'the memory store';
  return race<Places>({
    title: `${name[0]?.toUpperCase()}${name.slice(1)}, maxStaleness: '1s'`,
    ...LOAD,
    async prepare() {
      const places: Partial<Record<(typeof ENGINES)[number], Place>> = {};
      for (const engine of ENGINES) {
        const place = await findPlace(engine);
        if (place === null) return null;
        places[engine] = place;
      }
      return places;
    },
    async clear(places) {
      for (const place of Object.values(places)) await clearPlace(place);
    },
    contenders: {
      [floor]: inMemory,
      [`${floor}, a second process`]: inMemory,
      ...Object.fromEntries(ENGINES.map((engine) => [titles[engine], over(engine)])),
    },
    // Of bare's requests per second, 0.03 less than with the memory store.
    goals: ENGINES.map((engine) => ({ of: titles[engine], to: floor, atMost: 1.035 })),
  });
};

const section: Section = {
  title: 'Requests to a guarded route',
  about: `An app with one route, under the load of ${CONNECTIONS} connections from another process. 1,000 users take turns. Bare is the app without any session. What
counts is the processor time of the app. Two processes of the same app differ, too: the last three tables show by how much.

Where it loses: a guarded request costs the check, one pass over the cookies, the description of the client for events, and the cache headers
that a personal page needs. On a bare framework this shows, the more so the faster the framework is.`,
  minutes: 8,
  peers: true,
  races: [
    race({
      title: 'Express',
      ...LOAD,
      contenders: {
        bare: app(apps.express),
        'by hand': app(apps['express, inlined']),
        ours: app(() => ourApps.express({ store: memoryStore() })),
        'express-session': app(() => expressTheirs()),
        'better-auth, cookie cache': app(() => expressBetterAuth(true)),
        'better-auth, memory adapter': app(() => expressBetterAuth(false)),
      },
      goals: [
        { of: 'ours', to: 'bare', atMost: 1 / 0.9 },
        { of: 'ours', to: 'express-session', atMost: 1 / 1.5 },
      ],
    }),
    framework('fastify', '@fastify/session', [
      { of: 'ours', to: 'bare', atMost: 1 / 0.85 },
      { of: 'ours', to: '@fastify/session', atMost: 1 / 3 },
    ]),
    framework('koa', 'koa-session', [
      { of: 'ours', to: 'bare', atMost: 1 / 0.83 },
      { of: 'ours', to: 'koa-session', atMost: 1 / 3 },
    ]),
    inStore('sqlite', 'Express, SQLite in a file', {}),
    inStore('redis', 'Express, Redis', {
      'express-session, connect-redis': app(({ place: { url, space } }) =>
        expressTheirs(() => connectRedis(url, `${space}:connect:`)),
      ),
    }),
    inStore('postgres', 'Express, Postgres', {
      'express-session, connect-pg-simple': app(({ place: { url, space } }) =>
        expressTheirs((session) => connectPgSimple(session, url, space)),
      ),
    }),
    ...(['express', 'fastify', 'koa'] as const).map(fromMemory),
  ],
};
export default section;
