/**
 * How long a revocation takes: of a user with 100,000 sessions against one with a single session (the goal is at most 1.5
 * times as long, where one is kept, too), and its writing step against the least that the engine can do (at most 1.25).
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { redisStore } from 'session-revocation/redis';
import { newId } from '../src/model/token.ts';
import { findService, stopServices } from '../test/services/index.ts';
import { compareRevocations } from './support/revoking.ts';

const own = `bench_${randomBytes(4).toString('hex')}`;
const [redisUrl, postgresUrl, mysqlUrl] = [
  await findService('redis'),
  await findService('postgres'),
  await findService('mysql'),
];

async function inRedis(url: string): Promise<void> {
  const client = new Redis(url);
  const store = redisStore(client, { prefix: `${own}:` });
  const script = `redis.call('SET', KEYS[1], ARGV[1]) return redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])`;
  const sha = (await client.script('LOAD', script)) as string;
  const more = `redis.call('SET', KEYS[1], ARGV[1]) redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
    for index = 1, 4 do redis.call('ZADD', KEYS[2] .. index, ARGV[2], ARGV[2]) end`;
  const indexed = (await client.script('LOAD', more)) as string;
  try {
    await compareRevocations('Redis', {
      store,
      // The log is found by four things, as ours is.
      indexed: (nth) =>
        client.evalsha(indexed, 2, `${own}:floor`, `${own}:indexed`, 'x'.repeat(150), nth, 'x'.repeat(300)),
      floor: (nth) => client.evalsha(sha, 2, `${own}:floor`, `${own}:log`, 'x'.repeat(150), nth, 'x'.repeat(300) + nth),
      async crowd(template, copies) {
        let left = copies;
        const worker = async (): Promise<void> => {
          while (left-- > 0) {
            const write = { now: template.createdAt, retention: 86400e3, ending: [], keepUntil: null, audit: [] };
            if ((await store.add({ ...template, id: newId() }, write)) !== 'added') throw new Error('not added');
          }
        };
        await Promise.all(Array.from({ length: 64 }, worker));
      },
    });
  } finally {
    for await (const keys of client.scanStream({ match: `${own}:*`, count: 1_000 })) {
      if (keys.length > 0) await client.unlink(...(keys as string[]));
    }
    client.disconnect();
  }
}

async function inPostgres(url: string): Promise<void> {
  const pool = new Pool({ connectionString: url });
  const store = postgresStore(pool, { schema: own });
  try {
    await store.setup?.();
    await pool.query(`CREATE TABLE ${own}.floor (id text PRIMARY KEY, value text NOT NULL)`);
    await pool.query(`CREATE TABLE ${own}.log (id text PRIMARY KEY, entry text NOT NULL)`);
    await pool.query(`INSERT INTO ${own}.floor VALUES ('one', 'x')`);
    const text = `WITH written AS (UPDATE ${own}.floor SET value = $1 WHERE id = 'one' RETURNING id)
      INSERT INTO ${own}.log SELECT $2, $3 FROM written`;
    await compareRevocations('Postgres', {
      store: store as never,
      floor: (nth) => pool.query({ name: 'floor', text, values: ['x'.repeat(149) + nth, newId(), 'x'.repeat(300)] }),
      async crowd({ id }, copies) {
        await pool.query(
          `INSERT INTO ${own}.sessions SELECT (jsonb_populate_record(s,
             jsonb_build_object('id', nth || '-' || s.id, 'key', hashtextextended(nth || '-' || s.id, 0)))).*
           FROM ${own}.sessions s, generate_series(1, $2::integer) nth WHERE s.id = $1`,
          [id, copies],
        );
        await pool.query(`VACUUM ANALYZE ${own}.sessions`);
      },
    });
  } finally {
    await pool.query(`DROP SCHEMA IF EXISTS ${own} CASCADE`);
    await pool.end();
  }
}

async function inMysql(url: string): Promise<void> {
  const pool = createPool(url);
  const store = mysqlStore(pool, { prefix: `${own}_` });
  try {
    await store.setup?.();
    await pool.query(`CREATE TABLE ${own}_floor (id VARCHAR(20) PRIMARY KEY, value TEXT NOT NULL) ENGINE = InnoDB`);
    await pool.query(`CREATE TABLE ${own}_log (id VARCHAR(40) PRIMARY KEY, entry TEXT NOT NULL) ENGINE = InnoDB`);
    await pool.query(`INSERT INTO ${own}_floor VALUES ('one', 'x')`);
    await compareRevocations('MariaDB', {
      store: store as never,
      async floor(nth) {
        const connection = await pool.getConnection();
        await connection.query('START TRANSACTION');
        await connection.execute(`UPDATE ${own}_floor SET value = ? WHERE id = 'one'`, ['x'.repeat(149) + nth]);
        await connection.execute(`INSERT INTO ${own}_log VALUES (?, ?)`, [newId(), 'x'.repeat(300)]);
        await connection.query('COMMIT');
        connection.release();
      },
      async crowd({ id }, copies) {
        const [columns] = await pool.query(
          `SELECT column_name name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?
           AND extra NOT LIKE '%GENERATED%' AND column_name <> 'id'`,
          [`${own}_sessions`],
        );
        const names = (columns as { name: string }[]).map(({ name }) => `\`${name}\``).join(', ');
        await pool.query(
          `INSERT INTO ${own}_sessions (id, ${names})
           WITH RECURSIVE digits (digit) AS (SELECT 0 UNION ALL SELECT digit + 1 FROM digits WHERE digit < 9),
           numbers (nth) AS (SELECT a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit + 10000 * e.digit
             FROM digits a, digits b, digits c, digits d, digits e)
           SELECT CONCAT(nth, '-', id), ${names} FROM ${own}_sessions, numbers WHERE id = ? AND nth < ?`,
          [id, copies],
        );
      },
    });
  } finally {
    const [tables] = await pool.query(
      `SELECT table_name name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE ?`,
      [`${own}%`],
    );
    for (const { name } of tables as { name: string }[]) await pool.query(`DROP TABLE \`${name}\``);
    await pool.end();
  }
}

if (redisUrl !== null) await inRedis(redisUrl);
if (postgresUrl !== null) await inPostgres(postgresUrl);
if (mysqlUrl !== null) await inMysql(mysqlUrl);
await stopServices();
