/**
 * How long checks take in Postgres while 500,000 expired sessions of 1,000,000 are pruned beside them, by the process
 * itself. The goal: the p99 is at most 3 times what it is without.
 */
import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import { createSessions } from 'session-revocation';
import { postgresStore } from 'session-revocation/postgres';
import { findService, stopServices } from '../test/services/index.ts';
import { checking, signInMany } from './support/sign-in.ts';

const SESSIONS = Number(process.env.SESSIONS ?? 1_000_000);
const DAY = 86400e3;
const IN_FLIGHT = 8;

const url = await findService('postgres');
if (url === null) process.exit(0);
const pool = new Pool({ connectionString: url, max: 10 });
const schema = `bench_${randomBytes(4).toString('hex')}`;
const store = postgresStore(pool, { schema });
const sessions = createSessions({ store });

/** How long checks wait, some at a time, until something is done. Ms. */
async function waitsUntil(done: Promise<unknown>, check: (nth: number) => Promise<void>): Promise<number[]> {
  const waits: number[] = [];
  let waiting = true;
  const stop = (): void => {
    waiting = false;
  };
  done.then(stop, stop);
  const worker = async (): Promise<void> => {
    while (waiting) {
      const began = performance.now();
      await check(Math.floor(Math.random() * 1e6));
      waits.push(performance.now() - began);
      // As requests come: not one upon the other.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return waits.sort((a, b) => a - b);
}

const quantile = (waits: readonly number[], part: number): number => waits[Math.ceil(waits.length * part) - 1] ?? NaN;
const describe = (waits: readonly number[]): string =>
  [0.5, 0.99, 0.999, 1].map((part) => `p${part * 100} ${quantile(waits, part).toFixed(1)} ms`).join(', ');

try {
  await store.setup?.();
  const tokens = await signInMany(sessions, 1_000, false);
  // Every other copy expired 60 days ago, beyond the retention; `due` tells in steps of 2^18 ms.
  const { rows } = await pool.query(
    'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
    [schema, 'sessions'],
  );
  const changed: Record<string, string> = {
    id: `nth || '-' || s.id`,
    key: `hashtextextended(nth || '-' || s.id, 0)`,
    ...Object.fromEntries(['created_at', 'last_used_at', 'expires_at'].map((time) => [time, `s.${time} - age`])),
    due: 's.due - age / 262144',
  };
  const names = rows.map(({ name }) => `"${name}"`).join(', ');
  const values = rows.map(({ name }) => changed[name] ?? `s."${name}"`).join(', ');
  await pool.query(
    `INSERT INTO ${schema}.sessions (${names})
     SELECT ${values} FROM ${schema}.sessions s, LATERAL (
       SELECT nth, CASE WHEN nth % 2 = 0 THEN ${90 * DAY} ELSE 0 END AS age FROM generate_series(1, $1::integer) nth
     ) copies`,
    [Math.round(SESSIONS / tokens.length)],
  );
  await pool.query(`VACUUM ANALYZE ${schema}.sessions`);
  await pool.query('CHECKPOINT');

  const check = checking(sessions, tokens);
  await waitsUntil(new Promise((resolve) => setTimeout(resolve, 2_000)), check);
  const alone = await waitsUntil(new Promise((resolve) => setTimeout(resolve, 15_000)), check);
  const began = performance.now();
  const pruning = sessions.prune();
  const beside = await waitsUntil(pruning, check);
  const ratio = quantile(beside, 0.99) / quantile(alone, 0.99);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${(await pruning).sessions} of ${SESSIONS} sessions in ${seconds} s`);
  console.log(`  checks beside it: ${describe(beside)}`);
  console.log(`  checks alone:     ${describe(alone)}`);
  console.log(`  p99 ${ratio.toFixed(2)} times, goal 3.00: ${ratio <= 3 ? 'met' : 'MISSED'}`);
} finally {
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await sessions.close();
  await pool.end();
  await stopServices();
}
