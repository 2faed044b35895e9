/**
 * Requests per second of a guarded route, against the same app without any session, and against the usual session layer of the
 * framework on its memory store. Each app is in a process of its own, and the load comes from another one. The goals: at least
 * 0.90 of bare Express, 0.85 of bare Fastify, 0.83 of bare Koa; with Redis, 0.82 of bare Express; 1.5, 3 and 3 times the others,
 * and 1.5 with connect-redis. On SQLite, at most 25 µs of processor more than bare Express.
 *
 * They take turns in short rounds, and each is compared with what was measured beside it: a second later, a machine may be half
 * as fast. It matters which Node it is: up to Node 22, each request and response of Express has a hidden class of its own, since
 * Express gives it properties after a new prototype. Bare Express is then three times as slow as on Node 24.
 *
 * "inlined" is the least that anybody can do for an opaque token, written into the app by hand: nobody can come nearer to bare.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import { findService, stopServices } from '../test/services/index.ts';
import { apps, type Running, stopApps } from './support/framework-apps.ts';
import { median } from './support/side-by-side.ts';

const CONNECTIONS = 32;
const SECONDS = 0.5;
const ROUNDS = 30;

/** How many times the requests per second of `than` are asked for. */
interface Goal {
  readonly than: string;
  readonly atLeast?: number;
  /** How many µs of processor more a request may cost than one of `than`. */
  readonly more?: number;
}

const goals: Record<string, readonly Goal[]> = {
  'express, inlined': [{ than: 'express' }, { than: 'express-session' }],
  'fastify, inlined': [{ than: 'fastify' }, { than: '@fastify/session' }],
  'koa, inlined': [{ than: 'koa' }, { than: 'koa-session' }],
  'express, ours': [
    { than: 'express', atLeast: 0.9 },
    { than: 'express-session', atLeast: 1.5 },
  ],
  'fastify, ours': [
    { than: 'fastify', atLeast: 0.85 },
    { than: '@fastify/session', atLeast: 3 },
  ],
  'koa, ours': [
    { than: 'koa', atLeast: 0.83 },
    { than: 'koa-session', atLeast: 3 },
  ],
  'express, ours on SQLite': [{ than: 'express', more: 25 }],
  'express, ours on Redis': [
    { than: 'express', atLeast: 0.82 },
    { than: 'express-session on connect-redis', atLeast: 1.5 },
  ],
};

/** An app in a process of its own, as it would be: what V8 knows of one framework is not spoilt by another. */
class AppProcess {
  readonly #child: ChildProcess;
  #running: Running = { url: '', cookie: '' };

  constructor(name: string, redisUrl: string) {
    this.#child = fork(import.meta.filename, [name, redisUrl]);
  }

  async start(): Promise<this> {
    this.#running = (await this.#told()) as Running;
    return this;
  }

  /** Requests per second, and the processor time of the process for each, in µs. */
  async load(): Promise<Load> {
    const { url, cookie } = this.#running;
    const before = await this.#usage();
    const began = performance.now();
    const load = { url, connections: CONNECTIONS, duration: SECONDS, sampleInt: 50, headers: { cookie } };
    const { requests, non2xx, errors } = await autocannon(load);
    const seconds = (performance.now() - began) / 1000;
    if (non2xx > 0 || errors > 0) throw new Error(`${url} answers ${non2xx} times with something else`);
    const used = (await this.#usage()) - before;
    return { rate: requests.total / seconds, processor: used / requests.total };
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.send('stop');
    await ended;
  }

  async #usage(): Promise<number> {
    this.#child.send('usage');
    return (await this.#told()) as number;
  }

  async #told(): Promise<unknown> {
    const heard = new AbortController();
    const ended = once(this.#child, 'exit', heard).then(([code]) => {
      throw new Error(`an app ended with ${code}`);
    });
    try {
      const [message] = await Promise.race([once(this.#child, 'message', heard), ended]);
      return message;
    } finally {
      // Nobody listens on: there would be one more with each question.
      heard.abort();
    }
  }
}

interface Load {
  readonly rate: number;
  readonly processor: number;
}

/** Serves one app, and tells what it costs. */
async function serve(name: string, redisUrl: string): Promise<void> {
  const start = apps[name];
  if (start === undefined) throw new Error(`there is no app ${name}`);
  process.on('message', async (asked) => {
    const { user, system } = process.cpuUsage();
    if (asked === 'usage') {
      process.send?.(user + system);
      return;
    }
    await stopApps();
    process.exit();
  });
  process.send?.(await start(redisUrl));
}

async function measure(): Promise<void> {
  const redisUrl = await findService('redis');
  const names = Object.keys(apps).filter((name) => redisUrl !== null || !name.includes('edis'));
  const started = new Map<string, AppProcess>();
  try {
    for (const name of names) started.set(name, await new AppProcess(name, redisUrl ?? '').start());
    const loads = new Map<string, Load[]>(names.map((name) => [name, []]));
    // The first rounds, in which V8 still compiles, are not counted.
    for (let round = -3; round < ROUNDS; round++) {
      for (const [name, app] of started) {
        const loaded = await app.load();
        if (round >= 0) loads.get(name)?.push(loaded);
      }
    }
    report(loads);
  } finally {
    for (const app of started.values()) await app.stop();
    await stopServices();
  }
}

function report(loads: ReadonlyMap<string, readonly Load[]>): void {
  console.log(`Node ${process.version}`);
  for (const [name, own] of loads) {
    const rate = median(own.map((one) => one.rate)).toFixed(0);
    const processor = median(own.map((one) => one.processor)).toFixed(1);
    console.log(`${name.padEnd(36)} ${rate.padStart(7)} requests/s ${processor.padStart(7)} µs of processor`);
    for (const { than, atLeast, more: most } of goals[name] ?? []) {
      const others = loads.get(than) ?? [];
      const ratio = median(own.map((one, round) => one.rate / (others[round]?.rate ?? Number.NaN)));
      const more = median(own.map((one, round) => one.processor - (others[round]?.processor ?? Number.NaN)));
      const verdicts = [
        ...(atLeast === undefined ? [] : [`, goal ${atLeast.toFixed(2)}: ${ratio >= atLeast ? 'met' : 'MISSED'}`]),
        ...(most === undefined ? [] : [`, goal ${most} µs: ${more <= most ? 'met' : 'MISSED'}`]),
      ];
      console.log(`    ${ratio.toFixed(2)} times ${than}, ${more.toFixed(1)} µs of processor more${verdicts.join('')}`);
    }
  }
}

const [name, redisUrl = ''] = process.argv.slice(2);
if (name === undefined) await measure();
else await serve(name, redisUrl);
