import { describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { type PrivateServer, startRedis, startRedisCluster } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { hasRedis } from '../services/redis.ts';
import { newPlace, through } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { LoopbackProxy } from './loopback-proxy.ts';
import { ACKNOWLEDGED, MAX_TRIAL, Trial } from './trial.ts';

const ON_DISK = ['--appendonly', 'yes', '--appendfsync', 'always'];

const UNAVAILABLE = 'SESSION_STORE_UNAVAILABLE';
const UNCONFIRMED = 'SESSION_STORE_UNCONFIRMED';

/** Any slot will do: each slot has a primary with a replica. */
const SLOT = 0;

async function started(options: Parameters<typeof startRedis>[0]): Promise<PrivateServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

describe.runIf(includes('faults: a failover of Redis') && hasRedis())('Redis fails over', () => {
  test('to a replica: what was acknowledged as revoked stays so', { timeout: MAX_TRIAL }, async () => {
    const primary = await started({ args: ON_DISK });
    const replica = await started({ args: ON_DISK, replicaOf: primary });
    const proxy = await LoopbackProxy.open(primary.port);
    onTestFinished(() => proxy.close());
    const place = through(await newPlace('redis', primary.url), proxy.port);
    const trial = await Trial.begin(place, { replicas: 1 });

    await primary.kill('SIGKILL');
    await trial.meets(UNAVAILABLE, 'check', 'fence');
    await withRedis(replica.url, (client) => client.replicaof('NO', 'ONE'));
    proxy.retarget(replica.port);
    // Nothing can be confirmed before there is a replica again.
    await trial.meets(UNAVAILABLE, 'check');
    await trial.meets(UNCONFIRMED, 'revoke');
    await started({ args: ON_DISK, replicaOf: replica });
    await trial.works();
    expect(await trial.end(ACKNOWLEDGED)).toEqual([]);
  });

  test('while its client still asks the demoted one', { timeout: MAX_TRIAL }, async () => {
    const primary = await started({ args: ON_DISK });
    const other = await started({ args: ON_DISK, replicaOf: primary });
    const place = await newPlace('redis', primary.url);
    const trial = await Trial.begin(place);

    // The replica knows this slightly earlier than the primary.
    await until('the primary knows that its replica is up to date', () =>
      withRedis(primary.url, async (client) => (await client.info('replication')).includes('state=online')),
    );
    // FAILOVER lets the replica catch up before the roles change, so no acknowledged write is lost.
    await withRedis(primary.url, (client) => client.failover('TO', '127.0.0.1', other.port));
    // The store asks this server for its role every second. Until then, the server may also answer LOADING.
    await trial.meets('SESSION_STORE_UNSAFE');
    await withRedis(primary.url, (client) => client.replicaof('NO', 'ONE'));
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });

  test('a cluster, by itself', { timeout: MAX_TRIAL }, async () => {
    const cluster = await startRedisCluster({ nodeTimeout: 5_000, args: ON_DISK });
    onTestFinished(() => cluster.stop());
    const trial = await Trial.begin(await newPlace('redis-cluster', cluster.url), { replicas: 1, actors: 8 });

    const master = await cluster.masterOf(SLOT);
    await master.kill('SIGKILL');
    await trial.meets(UNAVAILABLE);
    await master.restart();
    await cluster.ready();
    await trial.works();
    expect(await trial.end(ACKNOWLEDGED)).toEqual([]);
  });
});
