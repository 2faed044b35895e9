import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import { type Notifier, postgresNotifier, redisNotifier } from 'session-revocation/notifiers';
import { clearPlace, findPlace, type Place } from '../../test/services/stores.ts';
import { bytesInUse } from '../harness/heap.ts';
import { openPlace } from '../harness/placed.ts';
import { spreadOf } from '../harness/race.ts';
import type { Section, Table } from '../harness/section.ts';
import { checkAll, checking, SETTINGS, signIn, signInMany } from '../harness/sign-in.ts';
import { digits } from '../harness/text.ts';

const REMEMBERED = 100_000;
const WARMED = 20_000;
const SIGNALS = 10_000;
const LOAD = 5_000;
const ROUNDS = 101;

/** Returns the store with a counter for each of its methods. */
function counted(store: SessionStore, asked: Map<string, number>): SessionStore {
  const count = (name: string): void => void asked.set(name, (asked.get(name) ?? 0) + 1);
  const since = store.powers?.changes?.since.bind(store.powers.changes);
  const changes = since && {
    ...store.powers?.changes,
    since(position: string | null) {
      count('changes');
      return since(position);
    },
  };
  return new Proxy(store, {
    get(_, name: keyof SessionStore) {
      if (name === 'powers') return { ...store.powers, changes };
      const own: unknown = Reflect.get(store, name);
      if (typeof own !== 'function') return own;
      return (...given: unknown[]) => {
        count(name);
        return own.apply(store, given);
      };
    },
  });
}

/** Measures a process that remembers many sessions: its calls of the store per second under load, and its memory. */
async function remembering(): Promise<Table[]> {
  const place = await findPlace('redis');
  if (place === null) return [];
  const { store, end } = openPlace(place);
  const tokens = await signInMany(createSessions({ store, ...SETTINGS }), REMEMBERED);
  const FRESH = { ...SETTINGS, freshness: { maxStaleness: '1s' } } as const;
  // Compiled code and the store's bounded caches are no part of a remembered session. This object's memory is dropped.
  const other = createSessions({ store: counted(store, new Map()), ...FRESH });
  await other.setup();
  await checkAll(checking(other, tokens.slice(0, WARMED)), WARMED);
  const asked = new Map<string, number>();
  const sessions = createSessions({ store: counted(store, asked), ...FRESH });
  await sessions.setup();
  const check = checking(sessions, tokens);
  const before = bytesInUse();
  await checkAll(check, REMEMBERED);
  const bytes = (bytesInUse() - before) / REMEMBERED;
  asked.clear();
  const began = performance.now();
  let checks = 0;
  while (performance.now() - began < LOAD) {
    for (let nth = 0; nth < 100; nth++) await check(checks++);
    await turn();
  }
  const seconds = (performance.now() - began) / 1000;
  const questions = [...asked].map(([name, times]) => [`\`${name}\``, digits(times / seconds)]);
  await sessions.close();
  await end();
  await clearPlace(place);
  return [
    {
      title: `Questions of a process that remembers ${REMEMBERED.toLocaleString('en')} sessions (Redis)`,
      columns: ['', 'a second'],
      rows: [['checks', digits(checks / seconds)], ...questions],
    },
    {
      title: 'Memory',
      columns: ['', 'bytes'],
      rows: [['a remembered session with its records, of the heap (goal: at most 450)', digits(bytes)]],
    },
  ];
}

/** Measures one revocation that ends many sessions with open signals. */
async function signals(): Promise<Table[]> {
  const place = await findPlace('redis');
  if (place === null) return [];
  const { store, end } = openPlace(place);
  const sessions = createSessions({ store, ...SETTINGS, freshness: { maxStaleness: '1s' } });
  await sessions.setup();
  const held: Promise<unknown>[] = [];
  for (let nth = 0; nth < SIGNALS; nth += 50) {
    const some = Array.from({ length: 50 }, async (_, more) => {
      const signal = sessions.signal(
        (await signIn(sessions, `user-${nth + more}`)).session,
        new AbortController().signal,
      );
      held.push(once(signal, 'abort'));
    });
    await Promise.all(some);
  }
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const began = performance.now();
  await sessions.revoke({ realm: true });
  await Promise.all(held);
  const took = performance.now() - began;
  delay.disable();
  await sessions.close();
  await end();
  await clearPlace(place);
  return [
    {
      title: `A revocation of the realm with ${SIGNALS.toLocaleString('en')} signals (Redis)`,
      columns: ['', 'ms'],
      rows: [
        ['until all signals have fired', digits(took)],
        ['longest pause of the event loop', digits(delay.max / 1e6)],
      ],
    },
  ];
}

type Engine = 'redis' | 'postgres';

function notifierOf({ engine, url, space }: Place): { notifier: Notifier; stop(): unknown } {
  if (engine === 'redis') {
    const [client, subscriber] = [new Redis(url), new Redis(url)];
    const stop = (): void => {
      client.disconnect();
      subscriber.disconnect();
    };
    return { notifier: redisNotifier({ client, subscriber, channel: space }), stop };
  }
  const pool = new Pool({ connectionString: url });
  return { notifier: postgresNotifier(pool, { channel: space }), stop: () => pool.end() };
}

async function withNotifier(place: Place): Promise<{ sessions: Sessions; stop(): Promise<void> }> {
  const { store, end } = openPlace(place);
  const { notifier, stop } = notifierOf(place);
  const sessions = createSessions({ store, ...SETTINGS, freshness: { maxStaleness: '5s', notifier } });
  await sessions.setup();
  return {
    sessions,
    async stop() {
      await sessions.close();
      await stop();
      await end();
    },
  };
}

/** Runs in the second process. Reports when memory accepts a token, and when the token is first refused. */
async function watch(place: Place): Promise<never> {
  const { sessions } = await withNotifier(place);
  while ((await sessions.health()).freshness?.notifier?.listens !== true) await turn();
  process.send?.('ready');
  for (;;) {
    const [token] = (await once(process, 'message')) as [string];
    await sessions.check(token);
    await sessions.check(token);
    process.send?.('accepted');
    while ((await sessions.check(token)).ok) await turn();
    // All processes of a machine share the clock of `hrtime`.
    process.send?.(`${process.hrtime.bigint()}`);
  }
}

async function notifier(engine: Engine): Promise<(string | number)[] | null> {
  const place = await findPlace(engine);
  if (place === null) return null;
  const { sessions, stop } = await withNotifier(place);
  const [program = '', ...args] = process.argv.slice(1);
  const env = { ...process.env, BENCH_WATCHES: JSON.stringify(place) };
  const other = fork(program, args, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(other, 'message');
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { token } = await signIn(sessions, `user ${round}`);
    other.send(token);
    await once(other, 'message');
    const refused = once(other, 'message');
    await sessions.revoke({ user: `user ${round}` });
    const acknowledged = process.hrtime.bigint();
    took.push(Number(BigInt(`${(await refused)[0]}`) - acknowledged) / 1e6);
  }
  other.kill();
  await stop();
  await clearPlace(place);
  const { median, high } = spreadOf(took);
  return [engine === 'redis' ? 'Redis' : 'Postgres', digits(median), digits(high), digits(Math.max(...took))];
}

const section: Section = {
  title: 'Freshness',
  about: `What it costs to remember sessions, and how soon other processes and open connections hear of a revocation. With a notifier, another
process refuses a session some milliseconds after the revocation was acknowledged; \`maxStaleness\` is 5 seconds there.`,
  minutes: 2,
  async tables() {
    if (process.env.BENCH_WATCHES) return watch(JSON.parse(process.env.BENCH_WATCHES));
    const notified = [await notifier('redis'), await notifier('postgres')].filter((row) => row !== null);
    const delays: Table = {
      title: 'Until another process refuses a revoked session, with a notifier',
      columns: ['', 'ms, median', 'upper quartile', 'longest'],
      rows: notified,
    };
    return [...(await remembering()), ...(await signals()), delays];
  },
};
export default section;
