import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { redisNotifier } from 'session-revocation/notifiers';
import { expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { findService } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { until } from '../services/until.ts';
import { newChannels, playNotifierContract } from './support/contract.ts';

const url = await findService('redis');
const isOnCluster = includes('notifiers: a Redis cluster');
const clusterUrl = isOnCluster ? await findService('redis-cluster') : null;

type Client = Parameters<typeof redisNotifier>[0]['client'];
type Subscriber = Parameters<typeof redisNotifier>[0]['subscriber'];
interface Connected {
  readonly client: Client & Subscriber;
  close(): unknown;
}

const nodesOf = (urls: string) =>
  urls.split(',').map((one) => ({ host: '127.0.0.1', port: Number(new URL(one).port) }));

const CLIENTS: Readonly<Record<string, readonly [at: string | null, sharded: boolean, () => Promise<Connected>]>> = {
  ioredis: [
    url,
    false,
    async () => {
      const client = new Redis(`${url}`);
      return { client, close: () => client.disconnect() };
    },
  ],
  'node-redis': [
    url,
    false,
    async () => {
      const client = await createClient({ url: `${url}` }).connect();
      return { client, close: () => client.destroy() };
    },
  ],
  ...Object.fromEntries(
    [false, true].flatMap((sharded) => [
      [
        `ioredis, a cluster${sharded ? ', sharded' : ''}`,
        [
          clusterUrl,
          sharded,
          async () => {
            const client = new Cluster(nodesOf(`${clusterUrl}`), { shardedSubscribers: sharded });
            return { client, close: () => client.disconnect() };
          },
        ],
      ],
      [
        `node-redis, a cluster${sharded ? ', sharded' : ''}`,
        [
          clusterUrl,
          sharded,
          async () => {
            const client = createCluster({ rootNodes: `${clusterUrl}`.split(',').map((one) => ({ url: one })) });
            await client.connect();
            return { client, close: () => client.destroy() };
          },
        ],
      ],
    ]),
  ),
};

for (const [name, [at, sharded, connect]] of Object.entries(CLIENTS)) {
  playNotifierContract(name, at !== null, async () => {
    const { own, foreign } = newChannels();
    const opened: Connected[] = [];
    const open = async (channel: string) => {
      const [client, subscriber] = [await connect(), await connect()];
      opened.push(client, subscriber);
      return redisNotifier({ client: client.client, subscriber: subscriber.client, channel, sharded });
    };
    return {
      one: await open(own),
      other: await open(own),
      foreign: await open(foreign),
      end: () => Promise.all(opened.map(({ close }) => close())),
    };
  });
}

test.skipIf(url === null)('listens again after its connections were killed', async () => {
  const { own } = newChannels();
  const [client, subscriber] = [new Redis(`${url}`), new Redis(`${url}`)];
  onTestFinished(() => {
    client.disconnect();
    subscriber.disconnect();
  });
  const id = await subscriber.client('ID');
  const notifier = redisNotifier({ client, subscriber, channel: own });
  const heard: unknown[] = [];
  await notifier.subscribe((message) => heard.push(message));
  await withRedis(`${url}`, async (asking) => {
    const killed = await asking.call('CLIENT', 'KILL', 'ID', `${id}`);
    expect(killed).toBe(1);
  });
  await until('it hears again', async () => {
    await notifier.publish('again');
    return heard.includes('again');
  });
});

test('refuses what is no client, and options that it does not know', () => {
  expect(() => redisNotifier({ client: {} as never, subscriber: {} as never })).toThrow(
    'client must be a client of node-redis (createClient, createCluster), ioredis or iovalkey (Redis, Cluster), not an object',
  );
  expect(() => redisNotifier({ client: {} as never, subscriber: {} as never, channel: 'a b' })).toThrow(
    'channel must have 1 to 60 characters of A-Z, a-z, 0-9, _ and -',
  );
  expect(() => redisNotifier({ chanel: 'x' } as never)).toThrow('chanel');
});
