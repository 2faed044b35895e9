import pg from 'pg';
import postgres from 'postgres';
import { postgresNotifier } from 'session-revocation/notifiers';
import { expect, onTestFinished, test } from 'vitest';
import { findService } from '../services/index.ts';
import { until } from '../services/until.ts';
import { newChannels, playNotifierContract } from './support/contract.ts';

const url = await findService('postgres');

function openPool(): pg.Pool {
  const pool = new pg.Pool({ connectionString: `${url}`, max: 2 });
  pool.on('error', () => {});
  return pool;
}

playNotifierContract('a pool of pg', url !== null, () => {
  const { own, foreign } = newChannels();
  const pools = [openPool(), openPool(), openPool()] as const;
  return {
    one: postgresNotifier(pools[0], { channel: own }),
    other: postgresNotifier(pools[1], { channel: own }),
    foreign: postgresNotifier(pools[2], { channel: foreign }),
    end: async () => {
      // A listener keeps its connection, so the pool could not end. The server ends the connections of this test.
      await pools[0].query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN \"test-' || $1 || '%'",
        [`${process.pid}`],
      );
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
});

playNotifierContract('postgres.js', url !== null, () => {
  const { own, foreign } = newChannels();
  const clients = [0, 1, 2].map(() => postgres(`${url}`, { max: 1, onnotice: () => {} })) as [
    postgres.Sql,
    postgres.Sql,
    postgres.Sql,
  ];
  return {
    one: postgresNotifier(clients[0], { channel: own }),
    other: postgresNotifier(clients[1], { channel: own }),
    foreign: postgresNotifier(clients[2], { channel: foreign }),
    end: () => Promise.all(clients.map((sql) => sql.end({ timeout: 1 }))),
  };
});

test.skipIf(url === null)('listens again after the server has ended its connection', async () => {
  const { own } = newChannels();
  const [pool, other] = [openPool(), openPool()];
  onTestFinished(async () => {
    await pool.end();
    await other.end();
  });
  const notifier = postgresNotifier(pool, { channel: own });
  const heard: unknown[] = [];
  const stop = await notifier.subscribe((message) => heard.push(message));
  const { rowCount } = await other.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN \"' || $1 || '\"'",
    [own],
  );
  expect(rowCount).toBe(1);
  await until('it hears again', async () => {
    await postgresNotifier(other, { channel: own }).publish('again');
    return heard.includes('again');
  });
  await stop();
  expect(pool.totalCount).toBe(0);
});

test('refuses what is no client, and a single connection', () => {
  expect(() => postgresNotifier({} as never)).toThrow(
    'client must be a Pool of pg, or the sql of postgres.js, not an object',
  );
  expect(() => postgresNotifier(new pg.Client() as never)).toThrow('client must be a Pool of pg');
});
