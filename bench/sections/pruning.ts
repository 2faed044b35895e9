import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { createSessions, type Sessions } from 'session-revocation';
import { Session } from '../../src/model/session.ts';
import { clearPlace, findPlace, type Place } from '../../test/services/stores.ts';
import { openPlace } from '../harness/placed.ts';
import type { Section, Table } from '../harness/section.ts';
import { checking, SETTINGS, signIn, signInMany } from '../harness/sign-in.ts';
import { copyInSqlite } from '../harness/sqlite-copies.ts';
import { digits } from '../harness/text.ts';

const SESSIONS = 400_000;
const LIVE = 1_000;
const DAY = 86_400_000;
const IN_FLIGHT = 8;
/** Duration of the measurement without pruning, in ms. */
const ALONE = 8_000;

/** Runs checks, some at a time, until `done` settles. Returns their durations in ms, the shortest first. */
async function waitsUntil(done: Promise<unknown>, check: (nth: number) => unknown): Promise<number[]> {
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
      // Requests arrive at random times.
      await sleep(Math.random() * 10);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return waits.sort((a, b) => a - b);
}

const quantile = (waits: readonly number[], part: number): number =>
  waits[Math.ceil(waits.length * part) - 1] ?? Number.NaN;

async function measure(title: string, sessions: Sessions, tokens: readonly string[]): Promise<Table> {
  const check = checking(sessions, tokens);
  await waitsUntil(sleep(2_000), check);
  const alone = await waitsUntil(sleep(ALONE), check);
  const began = performance.now();
  const pruning = sessions.prune();
  const beside = await waitsUntil(pruning, check);
  const seconds = (performance.now() - began) / 1000;
  const removed = (await pruning).sessions;
  const row = (name: string, waits: readonly number[]): string[] => [
    name,
    ...[0.5, 0.99, 0.999, 1].map((part) => digits(quantile(waits, part))),
  ];
  return {
    title: `${title}: checks while ${removed.toLocaleString('en')} of ${SESSIONS.toLocaleString('en')} sessions are pruned (${digits(seconds)} s)`,
    columns: ['', 'ms, median', '99 %', '99.9 %', 'longest'],
    rows: [row('alone', alone), row('beside the pruning', beside)],
  };
}

/** Copies the sessions. Every other copy expired 60 days ago. */
async function fillPostgres({ url, space }: Place): Promise<void> {
  const pool = new Pool({ connectionString: url });
  const { rows } = await pool.query(
    'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
    [space, 'sessions'],
  );
  // The unit of the column `due` is 2^18 ms.
  const changed: Record<string, string> = {
    id: `nth || '-' || s.id`,
    key: `hashtextextended(nth || '-' || s.id, 0)`,
    ...Object.fromEntries(['created_at', 'last_used_at', 'expires_at'].map((time) => [time, `s.${time} - age`])),
    due: 's.due - age / 262144',
  };
  const names = rows.map(({ name }) => `"${name}"`).join(', ');
  const values = rows.map(({ name }) => changed[name] ?? `s."${name}"`).join(', ');
  await pool.query(
    `INSERT INTO ${space}.sessions (${names})
     SELECT ${values} FROM ${space}.sessions s, LATERAL (
       SELECT nth, CASE WHEN nth % 2 = 0 THEN ${90 * DAY} ELSE 0 END AS age FROM generate_series(1, $1::integer) nth
     ) copies`,
    [SESSIONS / LIVE],
  );
  await pool.query(`VACUUM ANALYZE ${space}.sessions`);
  await pool.query('CHECKPOINT');
  await pool.end();
}

async function inPostgres(): Promise<Table[]> {
  const place = await findPlace('postgres');
  if (place === null) return [];
  const { store, end } = openPlace(place);
  const sessions = createSessions({ store, ...SETTINGS });
  const tokens = await signInMany(sessions, LIVE);
  await fillPostgres(place);
  const table = await measure('Postgres', sessions, tokens);
  await sessions.close();
  await end();
  await clearPlace(place);
  return [table];
}

async function inSqlite(): Promise<Table[]> {
  const place = (await findPlace('sqlite')) as Place;
  const { store, end } = openPlace(place);
  const sessions = createSessions({ store, ...SETTINGS });
  const tokens = await signInMany(sessions, LIVE);
  const template = Session.recordOf('session', (await signIn(sessions, 'many')).session);
  copyInSqlite(place.url, template, SESSIONS, (nth) => {
    const age = nth % 2 === 0 ? 90 * DAY : 0;
    const createdAt = template.createdAt - age;
    return { createdAt, authenticatedAt: createdAt, lastUsedAt: createdAt, expiresAt: createdAt + 30 * DAY };
  });
  const table = await measure('SQLite', sessions, tokens);
  await sessions.close();
  await end();
  await clearPlace(place);
  return [table];
}

const section: Section = {
  title: 'Pruning',
  about: `How long checks wait while the same process prunes. SQLite answers synchronously, so a check waits for a whole batch there.`,
  minutes: 2,
  tables: async () => [...(await inSqlite()), ...(await inPostgres())],
};
export default section;
