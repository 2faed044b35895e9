/**
 * What checks ask of a server where "last used" is recent: look-ups, and no write. Throws where there is one. Counted at the
 * client, since others may use the same server.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { createSessions, type SessionStore } from 'session-revocation';
import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { redisStore } from 'session-revocation/redis';
import { findService, stopServices } from '../test/services/index.ts';
import { checking, signInMany } from './support/sign-in.ts';

const CHECKS = 2_000;
const own = `bench_${randomBytes(4).toString('hex')}`;

/** Counts, by the first word of each, the commands that checks bring about. */
async function count(
  name: string,
  store: SessionStore,
  watch: (told: (command: string) => void) => void,
): Promise<void> {
  const sessions = createSessions({ store });
  const check = checking(sessions, await signInMany(sessions, 100, true));
  await check(0);
  const commands = new Map<string, number>();
  watch((command) => commands.set(command, (commands.get(command) ?? 0) + 1));
  for (let nth = 0; nth < CHECKS; nth += 20) await Promise.all(Array.from({ length: 20 }, (_, at) => check(nth + at)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  console.log(
    `${name}: ${CHECKS} checks, 20 at a time: ${[...commands].map(([word, times]) => `${times} ${word}`).join(', ')}`,
  );
  const reads = new Set(['mget', 'get', 'role', 'info', 'SELECT', 'WITH']);
  const writes = [...commands.keys()].filter((word) => !reads.has(word));
  if (writes.length > 0 || commands.size === 0) throw new Error(`${name}: a check wrote: ${writes.join(', ')}`);
}

/** Tells of each call of a method that sends a statement. */
function spy(
  target: object,
  method: string,
  wordOf: (first: unknown) => string,
  told: (command: string) => void,
): void {
  const original = Reflect.get(target, method) as (...given: unknown[]) => unknown;
  Reflect.set(target, method, (...given: unknown[]) => {
    told(wordOf(given[0]));
    return original.apply(target, given);
  });
}

const textOf = (given: unknown): string =>
  typeof given === 'string'
    ? given
    : ((given as { text?: string; sql?: string }).text ?? (given as { sql: string }).sql);
const verbOf = (given: unknown): string => {
  const [word = ''] = textOf(given).trim().split(/\s/);
  // A statement that begins with WITH may write.
  return /\b(INSERT INTO|UPDATE\s+\S+\s+SET|UPDATE\s+\S+\s+\w+\s+SET|DELETE FROM)\b/i.test(textOf(given))
    ? 'write'
    : word;
};

const redisUrl = await findService('redis');
if (redisUrl !== null) {
  const client = new Redis(redisUrl);
  try {
    await count('Redis', redisStore(client, { prefix: `${own}:` }), (told) => {
      spy(client, 'sendCommand', (command) => (command as { name: string }).name.toLowerCase(), told);
    });
  } finally {
    for await (const keys of client.scanStream({ match: `${own}:*`, count: 1_000 })) {
      if (keys.length > 0) await client.unlink(...(keys as string[]));
    }
    client.disconnect();
  }
}
const postgresUrl = await findService('postgres');
if (postgresUrl !== null) {
  const pool = new Pool({ connectionString: postgresUrl });
  const store = postgresStore(pool, { schema: own });
  try {
    await store.setup?.();
    await count('Postgres', store as never, (told) => spy(pool, 'query', verbOf, told));
  } finally {
    Reflect.deleteProperty(pool, 'query');
    await pool.query(`DROP SCHEMA IF EXISTS ${own} CASCADE`);
    await pool.end();
  }
}
const mysqlUrl = await findService('mysql');
if (mysqlUrl !== null) {
  const pool = createPool(mysqlUrl);
  const store = mysqlStore(pool, { prefix: `${own}_` });
  try {
    await store.setup?.();
    await count('MariaDB', store as never, (told) => {
      const spied = new WeakSet<object>();
      const lend = pool.pool.getConnection.bind(pool.pool);
      pool.pool.getConnection = (take) =>
        lend((error, connection) => {
          if (connection !== undefined && !spied.has(connection)) {
            spied.add(connection);
            for (const method of ['query', 'execute']) spy(connection, method, verbOf, told);
          }
          take(error, connection);
        });
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
await stopServices();
