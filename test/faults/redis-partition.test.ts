import { Redis } from 'ioredis';
import { createClient, createClientPool, createSentinel } from 'redis';
import type { SessionStore } from 'session-revocation';
import { createSessions } from 'session-revocation';
import { type RedisClient, redisStore } from 'session-revocation/redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { includes, size } from '../ci-only.ts';
import { clusterClients } from '../engines/support/redis-clients.ts';
import { type PrivateServer, startRedis, startRedisCluster, startRedisSentinels } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { hasRedis } from '../services/redis.ts';
import { type RedisSentinels, SENTINEL_NAME } from '../services/redis-sentinel.ts';
import { until } from '../services/until.ts';
import { LoopbackProxy } from './loopback-proxy.ts';

/** Timeout of a test that starts servers, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

const replicas = { atLeast: 1, timeout: '1m', maxLag: '2s' } as const;

/** Signs in. Returns a function that checks the token and returns the result or the error code. */
async function begin(store: SessionStore) {
  const sessions = createSessions({ store, timeout: TEST_TIMEOUT });
  const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
  if (!started.ok) expect.fail(started.reason);
  return () =>
    sessions.check(started.token).then(
      ({ ok }) => (ok ? 'accepted' : 'refused'),
      (error: unknown) => String((error as { readonly code?: unknown }).code),
    );
}

const OUTAGE = 'SESSION_STORE_UNAVAILABLE';

describe.skipIf(!hasRedis())('a primary that is cut off from its replica', { timeout: TEST_TIMEOUT }, () => {
  let primary: PrivateServer;
  let replica: PrivateServer;
  let between: LoopbackProxy;
  beforeAll(async () => {
    primary = await startRedis({ args: ['--repl-timeout', '3600'] });
    between = await LoopbackProxy.open(primary.port);
    replica = await startRedis({ args: ['--repl-timeout', '3600'] });
    await withRedis(replica.url, (client) => client.replicaof('127.0.0.1', between.port));
    await connected();
  }, TEST_TIMEOUT);
  afterAll(async () => {
    await between?.close();
    await replica?.stop();
    await primary?.stop();
  }, TEST_TIMEOUT);
  const connected = () =>
    until('the replica is there', () =>
      withRedis(primary.url, async (client) => (await client.info('replication')).includes('state=online')),
    );

  const CLIENTS: readonly (readonly [string, () => Promise<readonly [RedisClient, () => void]>])[] = [
    [
      'ioredis',
      async () => {
        const client = new Redis(primary.url);
        return [client, () => client.disconnect()];
      },
    ],
    [
      'node-redis',
      async () => {
        const client = await createClient({ url: primary.url }).connect();
        return [client, () => client.destroy()];
      },
    ],
    [
      'node-redis, a pool',
      async () => {
        const client = createClientPool({ url: primary.url });
        await client.connect();
        return [client, () => client.destroy()];
      },
    ],
  ];

  test.each(CLIENTS)('in silence, is an outage within a stated time, and only with replicas: %s', async (_, make) => {
    const [client, close] = await make();
    onTestFinished(close);
    const check = await begin(redisStore(client, { prefix: 'with:', replicas }));
    const without = await begin(redisStore(client, { prefix: 'without:' }));
    await until('it is accepted', async () => (await check()) === 'accepted');
    between.swallow();
    try {
      await until('it is not believed', async () => (await check()) === OUTAGE);
      expect(await without()).toBe('accepted');
    } finally {
      between.heal();
    }
    await until('it is believed again', async () => (await check()) === 'accepted');
  });
});

describe.skipIf(!hasRedis())('a primary of a cluster whose replica is silent', { timeout: TEST_TIMEOUT }, () => {
  test.each(Object.entries(clusterClients).slice(0, size('Redis: clients of a cluster whose replica is silent')))(
    'is an outage: %s',
    async (_, connect) => {
      const cluster = await startRedisCluster();
      onTestFinished(() => cluster.stop());
      const { client, close } = await connect(cluster.url);
      onTestFinished(async () => void (await close()));
      const check = await begin(redisStore(client, { replicas }));
      await until('it is accepted', async () => (await check()) === 'accepted');
      const silent = cluster.nodes.slice(3);
      await Promise.all(silent.map((node) => node.kill('SIGSTOP')));
      await until('it is not believed', async () => (await check()) === OUTAGE);
      await Promise.all(silent.map((node) => node.kill('SIGCONT')));
      await until('it is believed again', async () => (await check()) === 'accepted');
    },
  );
});

/**
 * Clients on the old primary's side of the cut. They learn its address from the Sentinels, and connect around the cut.
 */
const BEHIND_THE_CUT: Readonly<
  Record<
    string,
    (sentinels: RedisSentinels, ports: Readonly<Record<number, number>>) => Promise<[RedisClient, () => void]>
  >
> = {
  async ioredis({ nodes }, ports) {
    const natMap = Object.fromEntries(
      Object.entries(ports).map(([from, port]) => [`127.0.0.1:${from}`, { host: '127.0.0.1', port }]),
    );
    const client = new Redis({ sentinels: [...nodes], name: SENTINEL_NAME, natMap });
    client.on('error', () => {});
    return [client, () => client.disconnect()];
  },
  async 'node-redis'({ nodes }, ports) {
    const client = createSentinel({
      ...{ name: SENTINEL_NAME, sentinelRootNodes: [...nodes] },
      nodeAddressMap(address) {
        const port = ports[Number(address.split(':')[1])];
        return port === undefined ? undefined : { host: '127.0.0.1', port };
      },
    });
    client.on('error', () => {});
    await client.connect();
    return [client, () => client.destroy()];
  },
};

describe.runIf(includes('faults: a primary that its Sentinels cannot reach') && hasRedis())(
  'a primary that its replica and its Sentinels cannot reach',
  { timeout: TEST_TIMEOUT },
  () => {
    test.each(Object.entries(BEHIND_THE_CUT))(
      'accepts no session from before the failover is over: %s',
      async (_, connect) => {
        const primary = await startRedis();
        onTestFinished(() => primary.stop());
        const around = await LoopbackProxy.open(primary.port);
        onTestFinished(() => around.close());
        const replica = await startRedis();
        onTestFinished(() => replica.stop());
        await withRedis(replica.url, (client) => client.replicaof('127.0.0.1', around.port));
        const sentinels = await startRedisSentinels(around.port, 8_000);
        onTestFinished(() => sentinels.stop());

        const [client, close] = await connect(sentinels, { [around.port]: primary.port });
        onTestFinished(close);
        const check = await begin(redisStore(client, { replicas }));
        await until('it is accepted', async () => (await check()) === 'accepted');

        around.swallow();
        await until('the old primary is not believed', async () => (await check()) === OUTAGE);
        await until('the replica was promoted', async () => (await sentinels.primaryPort()) === replica.port);
        const there = new Redis(replica.url);
        onTestFinished(() => there.disconnect());
        const revoked = await createSessions({ store: redisStore(there), timeout: TEST_TIMEOUT }).revoke({
          user: 'ann',
        });
        expect(revoked.revoked).toBe(true);
        for (let time = 0; time < 100; time++) expect(await check()).toBe(OUTAGE);

        around.heal();
        await until('the new primary is asked', async () => {
          const outcome = await check();
          expect(outcome).not.toBe('accepted');
          return outcome === 'refused';
        });
      },
    );
  },
);
