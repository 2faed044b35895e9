import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { createPool, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import type { SessionStore } from 'session-revocation';
import type { ListPage } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { mysqlStore } from 'session-revocation/mysql';
import { redisStore } from 'session-revocation/redis';
import { sqliteStore } from 'session-revocation/sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Contents } from '../../adapters/engines/memory/contents.ts';
import type { PostgresStatement } from '../../adapters/engines/postgres/clients/client.ts';
import { tablesOf } from '../../adapters/engines/postgres/names.ts';
import { createStore } from '../../adapters/engines/postgres/store.ts';
import { NOW } from '../../src/testing/harness/bench.ts';
import { openRecords, person, plainWrite, sessionOf } from '../../src/testing/harness/records.ts';
import { size } from '../ci-only.ts';
import { findService } from '../services/index.ts';
import { dropTables } from './support/mysql.ts';
import { drivers } from './support/sqlite-drivers.ts';

const FEW = 5;
const MANY = size('engines: revoked sessions of one user');
const LIVING = 3;
const AT_ONCE = 50;
/** Timeout of a test, in ms. Many times as long as a test takes. */
const TEST_TIMEOUT = 300_000;

const ann = person('ann', 'acme');
const name = (): string => `srev_${randomBytes(6).toString('hex')}`;

/**
 * Adds revoked sessions of one user and a few live ones. Each revoked session has other stamps. Returns the page that a
 * sign-in requests.
 */
async function crowd(store: SessionStore, revoked: number): Promise<ListPage> {
  const { user, realm, account, member: membership } = await openRecords(store, ann);
  const [base, member] = [user.record.base, `${membership?.record.base}`];
  const stamps = { realm: realm.record.base, user: base, account: `${account?.record.base}`, member };
  const added = Array.from({ length: revoked + LIVING }, (_, at) => {
    const past = at % 2 === 0 ? { user: `past.${at}` } : { member: `past.${at}` };
    return sessionOf(ann, { createdAt: NOW + at, stamps: { ...stamps, ...(at < revoked ? past : {}) } });
  });
  for (let at = 0; at < added.length; at += AT_ONCE) {
    await Promise.all(added.slice(at, at + AT_ONCE).map((session) => store.add(session, plainWrite())));
  }
  const born = { user: [base], member: [member] };
  return { account: ann.tags.account, born, ended: false, now: NOW, limit: 500 };
}

async function living(store: SessionStore, page: ListPage): Promise<void> {
  const { found, more } = await store.list(ann.tags.realm, ann.tags.user, page);
  expect([found.length, more]).toEqual([LIVING, false]);
}

describe('a sign-in reads as much after thousands of revoked sessions as after five', { timeout: TEST_TIMEOUT }, () => {
  test('memory: sessions looked at', async () => {
    const looked = async (revoked: number): Promise<number> => {
      const store = memoryStore();
      const page = await crowd(store, revoked);
      // The first listing sets the revoked sessions aside.
      await living(store, page);
      const found = vi.spyOn(Contents.prototype, 'found');
      await living(store, page);
      const { length } = found.mock.calls;
      found.mockRestore();
      return length;
    };
    expect([await looked(FEW), await looked(MANY)]).toEqual([LIVING, LIVING]);
  });

  test.each(drivers)('SQLite: by the index of generations, $name', async ({ open }) => {
    const connection = open(':memory:');
    const asked: string[] = [];
    const prepare = connection.prepare.bind(connection);
    connection.prepare = (sql) => {
      if (sql.includes('sessions_living') && sql.includes('SELECT')) asked.push(sql);
      return prepare(sql);
    };
    const store = sqliteStore(connection);
    await living(store, await crowd(store, FEW));
    const [sql] = asked;
    const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`).all(
      ...Array.from(`${sql}`.matchAll(/\?/g), () => null),
    ) as object[];
    const steps = plan.map((row) => `${Object.values(row).at(-1)}`);
    expect(steps[0]).toBe('SEARCH s USING INDEX sessions_living (user_tag=? AND <expr>=? AND (created_at,id)<(?,?))');
    await store.close?.();
  });

  test('Postgres: rows that the plan reads', async ({ skip }) => {
    const url = await findService('postgres');
    if (url === null) return skip();
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    onTestFinished(() => pool.end());
    const read = async (revoked: number): Promise<number> => {
      const schema = name();
      let last: PostgresStatement | undefined;
      let told: unknown[][] = [];
      const run = async (statement: PostgresStatement) => {
        last = statement;
        ({ rows: told } = await pool.query({ ...statement, values: [...statement.values], rowMode: 'array' }));
        return told;
      };
      const store = createStore({ run, runWithin: async () => [] }, tablesOf({ schema }), false);
      await store.setup?.();
      const page = await crowd(store, revoked);
      await pool.query(`ANALYZE ${schema}.sessions`);
      await living(store, page);
      // Only the first row contains the records of the realm and the user, which may be long.
      expect(told.map((row) => [row[1] !== null, row[3] !== null])).toEqual([
        [true, true],
        [false, false],
        [false, false],
      ]);
      const { text, values } = last ?? expect.fail('it asks');
      const { rows } = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values]);
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      return rowsOf(rows[0]['QUERY PLAN'][0].Plan);
    };
    // Postgres scans the whole table if it has only five rows.
    expect(await read(FEW)).toBeLessThanOrEqual(FEW + LIVING);
    expect(await read(MANY)).toBe(LIVING);
  });

  test('MySQL: rows that the engine hands to the server', async ({ skip }) => {
    const url = await findService('mysql');
    if (url === null) return skip();
    const pool = createPool({ uri: url, connectionLimit: 1 });
    onTestFinished(() => pool.end());
    const reads = async (): Promise<number> => {
      const [rows] = await pool.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'");
      return rows
        .filter((row) => row.Variable_name !== 'Handler_read_rnd_next')
        .reduce((sum, row) => sum + Number(row.Value), 0);
    };
    const read = async (revoked: number): Promise<number> => {
      const prefix = `${name()}_`;
      const store = mysqlStore(pool, { prefix });
      await store.setup?.();
      const page = await crowd(store, revoked);
      await living(store, page);
      // Stops the clock. Otherwise the store might check its tables again.
      const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
      const before = await reads();
      await living(store, page);
      const after = await reads();
      clock.mockRestore();
      await dropTables(pool, prefix);
      return after - before;
    };
    expect(await read(MANY)).toBe(await read(FEW));
  });

  test('Redis: words of its commands', async ({ skip }) => {
    const url = await findService('redis');
    if (url === null) return skip();
    const client = new Redis(url);
    onTestFinished(() => client.disconnect());
    const asked = async (revoked: number): Promise<number> => {
      const prefix = `${name()}:`;
      const store = redisStore(client, { prefix, allowLossOnRestart: true });
      await store.setup?.();
      const page = await crowd(store, revoked);
      const aside = `${prefix}{${ann.tags.user}}:aside`;
      // Each listing sets revoked sessions aside, as many as it has time for.
      await vi.waitFor(
        async () => {
          await living(store, page);
          expect(await client.zcard(aside)).toBe(revoked);
        },
        { timeout: TEST_TIMEOUT },
      );
      // Ends the store's background work, so that only the next store sends commands.
      await store.close?.();
      const next = redisStore(client, { prefix, allowLossOnRestart: true });
      await living(next, page);
      // Stops the clock. Otherwise the store might check the server again.
      const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
      const sent = vi.spyOn(client, 'sendCommand');
      await living(next, page);
      clock.mockRestore();
      const words = sent.mock.calls.reduce((sum, [command]) => sum + command.args.length, 0);
      sent.mockRestore();
      await next.close?.();
      const keys = await client.keys(`${prefix}*`);
      await client.del(keys);
      return words;
    };
    expect(await asked(MANY)).toBe(await asked(FEW));
  });
});

interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** Returns how many rows of `sessions` a plan reads, including rows that it filters out. */
function rowsOf(plan: Plan): number {
  const below = (plan.Plans ?? []).reduce((sum, one) => sum + rowsOf(one), 0);
  if (plan['Relation Name'] !== 'sessions') return below;
  const passed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  return below + plan['Actual Rows'] + passed;
}
