import { fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import { memoryStore } from 'session-revocation/memory';
import type { Place } from '../../test/services/stores.ts';
import {
  apps,
  connectPgSimple,
  connectRedis,
  expressBetterAuth,
  expressOurs,
  expressTheirs,
  type Running,
} from '../contenders/apps.ts';
import { onEngine, openPlace, type Placed, placed } from '../harness/placed.ts';
import { type BlockTook, type Contender, type Goal, type Race, race, type Section } from '../harness/section.ts';

const CONNECTIONS = 32;
const SECONDS = 0.4;
/** The load generator uses another processor for part of the time, so only the app's processor time is compared. */
const LOAD = { rounds: 11, inFlight: [CONNECTIONS], clock: 'processor' } as const;
const FRESH = { freshness: { maxStaleness: '1s' } };

/** Starts the app in its own process. This process sends the load. */
const app =
  <Shared>(start: (shared: Shared) => Promise<Running>): Contender<Shared> =>
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
        const before = await usage();
        const began = performance.now();
        const load = { url, connections: CONNECTIONS, duration: SECONDS, sampleInt: 50, requests: [...requests] };
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
      ours: app(apps[`${name}, ours`]),
      [theirs]: app(apps[theirs]),
    },
    goals,
  });

const onStore = (options: object = {}) => app<Placed>(({ place }) => expressOurs(openPlace(place), options));

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

const section: Section = {
  title: 'Requests to a guarded route',
  about: `An app with one route, under the load of ${CONNECTIONS} connections from another process. 1,000 users take turns. Bare is the app without any session. What
counts is the processor time of the app.`,
  minutes: 4,
  peers: true,
  races: [
    race({
      title: 'Express',
      ...LOAD,
      contenders: {
        bare: app(apps.express),
        'by hand': app(apps['express, inlined']),
        ours: app(() => expressOurs({ store: memoryStore() })),
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
  ],
};
export default section;
