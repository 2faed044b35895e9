/**
 * What a strict check costs in Redis, against a bare `GET` of a value of the same size over the same client, and against
 * connect-redis. The goals: at most 0.80 with 64 in flight and 1.15 with one; ahead of connect-redis with any number.
 */
import { randomBytes } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { createSessions } from 'session-revocation';
import { realmTag } from 'session-revocation/adapter';
import { type RedisClient, redisStore } from 'session-revocation/redis';
import { findService, stopServices } from '../test/services/index.ts';
import { type Measure, sideBySide, tell, type Work } from './support/side-by-side.ts';
import { checks, idOf, plainSession, refOf, signInMany } from './support/sign-in.ts';

const USERS = 2_000;
const MEASURES: readonly Measure[] = [
  { concurrency: 1, count: 500, rounds: 21 },
  { concurrency: 32, count: 3_000, rounds: 21 },
  { concurrency: 64, count: 3_000, rounds: 21 },
];
const prefix = `bench-${randomBytes(4).toString('hex')}:`;

/** What is asked of a client beside the store. */
interface Bare {
  get(key: string): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
}

async function measure(
  name: string,
  client: RedisClient & Bare,
  read: (keys: string[]) => Promise<unknown>,
  withAccounts: boolean,
): Promise<void> {
  const sessions = createSessions({ store: redisStore(client, { prefix }) });
  const unbatched = createSessions({ store: redisStore(client, { prefix, batch: false }) });
  const tokens = await signInMany(sessions, USERS, withAccounts);
  const sample = await sizeOf(tokens[0] ?? '');
  const keys = tokens.map((_, nth) => `${prefix}bare:${nth}`);
  const connect = new RedisStore({ client: client as never, prefix: `${prefix}connect:` });
  await Promise.all(
    tokens.map(async (_, nth) => {
      await client.set(keys[nth] ?? '', 'x'.repeat(sample));
      await client.set(`${prefix}connect:${nth}`, JSON.stringify(plainSession(nth)));
    }),
  );

  const asked = tokens.map((token) => {
    const { id, user, account } = refOf(token);
    const records = [realmTag('default'), user, ...(account === '' ? [] : [account])].map((tag) => `${prefix}{${tag}}`);
    return [...records, `${prefix}{${user}}${id}`];
  });
  const works: Record<string, Work> = {
    'bare GET': (nth) => client.get(keys[nth % USERS] ?? ''),
    check: checks(sessions, tokens),
    'check, not batched': checks(unbatched, tokens),
    // Below that, no check that is alone can come.
    "bare MGET of a check's keys": (nth) => read(asked[nth % USERS] ?? []),
    'connect-redis get': (nth) => connect.get(`${nth % USERS}`),
  };
  console.log(`${name}, ${withAccounts ? 'with' : 'without'} accounts, values of ${sample} bytes`);
  for (const at of MEASURES) {
    const took = await sideBySide(works, at);
    const goal = { 1: 1.15, 64: 0.8 }[at.concurrency];
    tell(`${at.concurrency} in flight`, took, goal === undefined ? {} : { check: goal });
    const ahead = (took.get('check')?.ratio ?? NaN) / (took.get('connect-redis get')?.ratio ?? NaN);
    console.log(`    against connect-redis: ${ahead.toFixed(2)}`);
  }
}

const url = await findService('redis');
if (url === null) process.exit(0);
const own = new Redis(url);
const node = createClient({ url });
await node.connect();

/** The bytes of a session's value. */
async function sizeOf(token: string): Promise<number> {
  for (const key of await keysUnder(prefix)) if (key.includes(idOf(token))) return (await own.strlen(key)) || 0;
  throw new Error('the session is not there');
}

async function keysUnder(start: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of own.scanStream({ match: `${start}*`, count: 1_000 })) keys.push(...(page as string[]));
  return keys;
}

try {
  for (const withAccounts of [false, true]) {
    await measure('ioredis', own, (keys) => own.mget(keys), withAccounts);
  }
  await measure('node-redis', node, (keys) => node.mGet(keys), false);
} finally {
  const keys = await keysUnder(prefix);
  for (let at = 0; at < keys.length; at += 1_000) await own.unlink(...keys.slice(at, at + 1_000));
  own.disconnect();
  await node.close();
  await stopServices();
}
