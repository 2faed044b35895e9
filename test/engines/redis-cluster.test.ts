import { createSessions } from 'session-revocation';
import { redisStore } from 'session-revocation/redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { includes, size } from '../ci-only.ts';
import { isOfStatements } from '../contract/shares.ts';
import { findService, startRedisCluster } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { hasRedis } from '../services/redis.ts';
import type { RedisCluster } from '../services/redis-cluster.ts';
import { clusterClients } from './support/redis-clients.ts';
import { redisContract } from './support/redis-contract.ts';

const url = await findService('redis-cluster');
const { ioredis, ...others } = clusterClients;

const isWhole = includes('Redis: the whole contract on a cluster');
redisContract(
  'ioredis, a cluster',
  url,
  ioredis!,
  size('contract: orders of a race, a Redis cluster by ioredis'),
  (id) => isWhole || isOfStatements(id) || /^(races|pruning|users)\//.test(id),
);
for (const [name, connect] of Object.entries(includes('Redis: the contract by every client') ? others : {})) {
  redisContract(`${name}, a cluster`, url, connect, 10);
}

/** Returns how often the nodes have answered MOVED, because another node has the key. */
async function redirections(urls: string): Promise<number> {
  const infos = await Promise.all(urls.split(',').map((one) => withRedis(one, (client) => client.info('errorstats'))));
  return infos.reduce((sum, info) => sum + Number(/errorstat_MOVED:count=(\d+)/.exec(info)?.[1] ?? 0), 0);
}

// A private cluster, in which no other client causes redirections.
describe.skipIf(!hasRedis())('each command goes to the node that has its keys', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.stop());

  test.each(Object.entries(clusterClients))('%s', async (_, connect) => {
    const { client, close } = await connect(cluster.url);
    onTestFinished(async () => void (await close()));
    const sessions = createSessions({ store: redisStore(client, { allowLossOnRestart: true }) });
    const before = await redirections(cluster.url);
    for (const user of Array.from({ length: 20 }, (_, at) => `user-${at}`)) {
      const fence = await sessions.fence({ user });
      const started = await sessions.start({ user, fence });
      if (!started.ok) expect.fail(started.reason);
      expect(await sessions.check(started.token)).toMatchObject({ ok: true });
      await sessions.revoke({ user });
    }
    expect((await redirections(cluster.url)) - before).toBe(0);
  });
});
