import { statSync } from 'node:fs';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createSessions, type Session, type Sessions } from 'session-revocation';
import { withoutChanges } from '../../src/testing/harness/wrappers.ts';
import { clearPlace, type EngineName, findPlace, type Place } from '../../test/services/stores.ts';
import { EACH, fillCrowd, tokenOf, userOf } from '../harness/crowd.ts';
import { openPlace } from '../harness/placed.ts';
import { spreadOf } from '../harness/race.ts';
import type { Section, Table } from '../harness/section.ts';
import { SETTINGS, scattered, signIn } from '../harness/sign-in.ts';
import { digits } from '../harness/text.ts';

/** `GROWTH` replaces the sizes, for a machine that has less space: `GROWTH=1000,10000 npm run bench growth`. */
const SIZES = (process.env.GROWTH ?? '1000,100000,10000000').split(',').map(Number);
const ENGINES = { postgres: 'Postgres', redis: 'Redis', sqlite: 'SQLite' } as const satisfies Partial<
  Record<EngineName, string>
>;
const ROUNDS = 25;
/** Duration of a block, in ms. */
const BLOCK = 60;
const WARM_UP = 300;

/** A store with a number of sessions. */
interface Crowd {
  readonly size: number;
  readonly sessions: Sessions;
  readonly end: () => Promise<void>;
}

async function open(engine: EngineName, size: number): Promise<{ crowd: Crowd; bytes: number } | null> {
  const place = await findPlace(engine);
  if (place === null) return null;
  const before = await bytesOf(place);
  const { store, end } = openPlace(place);
  const began = performance.now();
  await fillCrowd(place, store, size);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${engine}: ${size.toLocaleString('en')} sessions stored in ${seconds} s`);
  // Without its change log, SQLite answers no check from memory.
  const sessions = createSessions({ store: withoutChanges(store), ...SETTINGS });
  const crowd: Crowd = {
    size,
    sessions,
    async end() {
      await sessions.close();
      await end();
      await clearPlace(place);
    },
  };
  return { crowd, bytes: (await bytesOf(place)) - before };
}

async function bytesOf({ engine, url, space }: Place): Promise<number> {
  if (engine === 'sqlite') return statSync(url).size;
  if (engine === 'redis') {
    const client = new Redis(url);
    const bytes = Number(/used_memory_dataset:(\d+)/.exec(await client.info('memory'))?.[1]);
    client.disconnect();
    return bytes;
  }
  const pool = new Pool({ connectionString: url });
  const { rows } = await pool.query(
    `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class
     WHERE relkind = 'r' AND relnamespace = '${space}'::regnamespace`,
  );
  await pool.end();
  return Number(rows[0].bytes);
}

const random = (size: number): number => Math.floor(Math.random() * size);

/** Prepares a number of pieces of work, which is not measured. Returns the work. */
type Prepare = (crowd: Crowd, count: number) => Promise<() => Promise<unknown>>;

const eachOf =
  <Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): (() => Promise<unknown>) =>
  async () => {
    for (const item of items) await work(item);
  };
const times = <Item>(count: number, make: () => Item): Item[] => Array.from({ length: count }, make);

let newcomers = 0;
const newcomer = (): string => `newcomer-${newcomers++}`;

/** Checks come first, and revocations last, because they end the sessions of the crowd. */
const OPERATIONS: Readonly<Record<string, Prepare>> = {
  'a check': async ({ size, sessions }, count) => {
    const tokens = times(count, () => tokenOf(random(size)));
    return eachOf(tokens, async (token) => {
      const verdict = await sessions.check(token);
      if (!verdict.ok) throw new Error(`A check answered ${verdict.reason}.`);
    });
  },
  [`a list of ${EACH}`]: async ({ size, sessions }, count) => {
    const users = times(count, () => userOf(random(size)));
    return eachOf(users, async (user) => {
      const { sessions: listed } = await sessions.list({ user });
      if (listed.length !== EACH) throw new Error(`${listed.length} sessions are listed.`);
    });
  },
  'a sign-in': async ({ sessions }, count) => eachOf(times(count, newcomer), (user) => signIn(sessions, user)),
  'a sign-out': async ({ sessions }, count) => {
    const started: Session[] = [];
    for (const user of times(count, newcomer)) started.push((await signIn(sessions, user)).session);
    return eachOf(started, async (session) => {
      if (!(await sessions.end(session.id, { user: session.user })).ended) throw new Error('Nothing was ended.');
    });
  },
  'a sign-out everywhere': async ({ size, sessions }, count) => {
    const users = times(count, () => userOf(random(size)));
    return eachOf(users, async (user) => {
      if (!(await sessions.revoke({ user })).revoked) throw new Error('Nothing was revoked.');
    });
  },
};

/** Time per piece of work, in µs. */
async function block(crowd: Crowd, prepare: Prepare, count: number): Promise<number> {
  const work = await prepare(crowd, count);
  const began = performance.now();
  await work();
  return ((performance.now() - began) * 1000) / count;
}

/** Measures an operation in all crowds, in turns. Returns the times of each crowd, in µs, round by round. */
async function race(crowds: readonly Crowd[], prepare: Prepare): Promise<number[][]> {
  const counts = new Map<Crowd, number>();
  for (const crowd of crowds) {
    let took = BLOCK * 1000;
    for (let spent = 0; spent < WARM_UP * 1000; spent += took * 10) took = await block(crowd, prepare, 10);
    counts.set(crowd, Math.max(2, Math.ceil((BLOCK * 1000) / took)));
  }
  const taken = new Map<Crowd, number[]>(crowds.map((crowd) => [crowd, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const from = round % crowds.length;
    for (const crowd of scattered([...crowds.slice(from), ...crowds.slice(0, from)])) {
      taken.get(crowd)?.push(await block(crowd, prepare, counts.get(crowd) ?? 1));
    }
  }
  return crowds.map((crowd) => taken.get(crowd) ?? []);
}

async function tables(): Promise<Table[]> {
  const all: Table[] = [];
  const sizes: (string | number)[][] = [];
  for (const [engine, name] of Object.entries(ENGINES) as [EngineName, string][]) {
    const opened: { crowd: Crowd; bytes: number }[] = [];
    for (const size of SIZES) {
      const one = await open(engine, size);
      if (one !== null) opened.push(one);
    }
    if (opened.length < SIZES.length) continue;
    const crowds = opened.map(({ crowd }) => crowd);
    sizes.push([name, ...opened.map(({ crowd, bytes }) => digits(bytes / crowd.size))]);
    const rows: string[][] = [];
    const series: Record<string, number[]> = {};
    for (const [operation, prepare] of Object.entries(OPERATIONS)) {
      const taken = await race(crowds, prepare);
      const medians = taken.map((times) => spreadOf(times).median);
      const [smallest = [], largest = []] = [taken[0], taken.at(-1)];
      const ratio = spreadOf(largest.map((time, round) => time / (smallest[round] ?? Number.NaN)));
      series[operation] = medians;
      rows.push([
        operation,
        ...medians.map(digits),
        digits(ratio.median),
        `${digits(ratio.low)} to ${digits(ratio.high)}`,
      ]);
    }
    for (const crowd of crowds) await crowd.end();
    const columns = ['', ...SIZES.map((size) => `µs at ${size.toLocaleString('en')}`), 'most to least', 'quartiles'];
    const lines = { of: 'sessions', at: SIZES, unit: 'µs', series };
    all.push({ title: `${name}: one at a time, by the number of sessions`, columns, rows, lines });
  }
  const columns = ['', ...SIZES.map((size) => `bytes at ${size.toLocaleString('en')}`)];
  all.push({ title: 'Space for a session, with its share of its user and of all indexes', columns, rows: sizes });
  return all;
}

const section: Section = {
  title: 'Growth',
  about: `Each operation at a thousand, a hundred thousand and ten million sessions, ${EACH} to a user, chosen at random. All data fits into the memory of
the machine. The sessions are stored by the shortest way that the engine has: rows that the server makes itself in Postgres, one transaction per
half a million rows in SQLite, and the verbs of the store in Redis. Strict checks; SQLite without its memory.`,
  minutes: 45,
  tables,
};
export default section;
