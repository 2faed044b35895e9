/**
 * How many bytes a session takes, with all indexes: 100,000 of them, of 20,000 users. The goals: in Redis at most 300 and
 * 80 more for the user's index and record, in Postgres at most 400.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createSessions, type SessionStore } from 'session-revocation';
import { postgresStore } from 'session-revocation/postgres';
import { redisStore } from 'session-revocation/redis';
import { findService, startRedis, stopServices } from '../test/services/index.ts';
import { signIn } from './support/sign-in.ts';

const USERS = Number(process.env.USERS ?? 20_000);
const SESSIONS_EACH = 5;
const own = `bench_${randomBytes(4).toString('hex')}`;

async function fill(store: SessionStore, withAccounts: boolean): Promise<void> {
  const sessions = createSessions({ store });
  for (let round = 0; round < SESSIONS_EACH; round++) {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let nth = next++; nth < USERS; nth = next++) {
        await signIn(sessions, `user-${nth}`, withAccounts ? `account-${nth % 500}` : undefined);
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
  }
}

const told = (accounts: boolean): string =>
  `${USERS * SESSIONS_EACH} sessions ${accounts ? 'with' : 'without'} accounts`;

/** On a server of its own, where nobody else's keys count. */
async function inRedis(): Promise<void> {
  for (const withAccounts of [false, true]) {
    const server = await startRedis();
    const client = new Redis(server.url);
    const memory = async (): Promise<number> =>
      Number(/used_memory_dataset:(\d+)/.exec(await client.info('memory'))?.[1]);
    const before = await memory();
    await fill(redisStore(client), withAccounts);
    const all = (await memory()) - before;
    const kinds = { 'the session': /\}[\w-]{22}$/, "the user's index": /\}:sessions$/, "the user's record": /\}$/ };
    const sums = new Map(Object.keys(kinds).map((kind) => [kind, 0]));
    for await (const page of client.scanStream({ count: 1_000 })) {
      const keys = page as string[];
      const sizes = await Promise.all(keys.map((key) => client.memory('USAGE', key)));
      for (const [at, key] of keys.entries()) {
        for (const [kind, pattern] of Object.entries(kinds)) {
          if (pattern.test(key)) sums.set(kind, (sums.get(kind) ?? 0) + (sizes[at] ?? 0));
        }
      }
    }
    const each = (bytes: number): string => (bytes / (USERS * SESSIONS_EACH)).toFixed(0);
    console.log(`Redis, ${told(withAccounts)}: ${each(all)} bytes each in all (used_memory_dataset); by MEMORY USAGE:`);
    for (const [kind, bytes] of sums) {
      const goal = { 'the session': 300, "the user's index": 80 }[kind];
      const verdict = goal === undefined ? '' : `, goal ${goal}: ${Number(each(bytes)) <= goal ? 'met' : 'MISSED'}`;
      console.log(`  ${kind.padEnd(18)}${each(bytes)}${verdict}`);
    }
    client.disconnect();
  }
}

async function inPostgres(url: string): Promise<void> {
  const pool = new Pool({ connectionString: url });
  for (const withAccounts of [false, true]) {
    const schema = `${own}_${withAccounts}`;
    const store = postgresStore(pool, { schema });
    try {
      await store.setup?.();
      await fill(store as never, withAccounts);
      const size = async (table: string): Promise<number> =>
        Number((await pool.query(`SELECT pg_total_relation_size('${schema}.${table}') AS bytes`)).rows[0].bytes);
      const heap = await pool.query(`SELECT pg_relation_size('${schema}.sessions') AS bytes`);
      const each = (await size('sessions')) / (USERS * SESSIONS_EACH);
      const ofHeap = Number(heap.rows[0].bytes) / (USERS * SESSIONS_EACH);
      console.log(
        `Postgres, ${told(withAccounts)}: ${each.toFixed(0)} bytes each with all indexes (${ofHeap.toFixed(0)} without), goal 400: ${each <= 400 ? 'met' : 'MISSED'}`,
      );
      console.log(`  and ${((await size('epochs')) / USERS).toFixed(0)} for each user's record`);
    } finally {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    }
  }
  await pool.end();
}

if ((await findService('redis')) !== null) await inRedis();
const postgresUrl = await findService('postgres');
if (postgresUrl !== null) await inPostgres(postgresUrl);
await stopServices();
