import { Cluster, Redis } from 'ioredis';
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey';
import { createClient, createClientPool, createCluster } from 'redis';
import type { RedisClient } from 'session-revocation/redis';
import { findService } from '../../services/index.ts';

/** A connected client, and a function that closes it. */
export interface Connected {
  readonly client: RedisClient;
  close(): Promise<unknown> | unknown;
}

type Connect = (url: string) => Promise<Connected>;

const urlsOf = (url: string): string[] => url.split(',');
const ended = { lazyConnect: true } as const;

/** Ignores error events: a failed command reports the error. Without a listener, some clients would end the process. */
function quiet<Client extends { on(event: 'error', listener: () => void): unknown }>(client: Client): Client {
  client.on('error', () => {});
  return client;
}

/** Clients for one server, by name. */
export const clients: Readonly<Record<string, Connect>> = {
  async ioredis(url) {
    const client = quiet(new Redis(url, ended));
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async iovalkey(url) {
    const client = quiet(new Valkey(url, ended));
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async 'node-redis'(url) {
    const client = await quiet(createClient({ url })).connect();
    return { client, close: () => client.destroy() };
  },
  async 'node-redis, the old protocol'(url) {
    const client = await quiet(createClient({ url, RESP: 2 })).connect();
    return { client, close: () => client.destroy() };
  },
  async 'node-redis, a pool'(url) {
    const client = quiet(createClientPool({ url }, { minimum: 2, maximum: 5, acquireTimeout: 120_000 }));
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

/** Clients for a cluster, by name. */
export const clusterClients: Readonly<Record<string, Connect>> = {
  async ioredis(url) {
    const client = quiet(new Cluster(urlsOf(url), ended));
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async iovalkey(url) {
    const client = quiet(new ValkeyCluster(urlsOf(url), ended));
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async 'node-redis'(url) {
    const client = quiet(createCluster({ rootNodes: urlsOf(url).map((one) => ({ url: one })) }));
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

/** URL of the test server, or `null` if there is none. */
export const url: string | null = await findService('redis');

/** Returns a new, unique prefix. */
export const newPrefix = (): string => `test-${Math.random().toString(36).slice(2)}:`;

/** Removes all keys under a prefix, from one server or from all of a cluster's. */
export async function removeKeys(of: string, prefix: string): Promise<void> {
  await Promise.all(
    urlsOf(of).map(async (one) => {
      const client = quiet(new Redis(one));
      try {
        if ((await client.role())[0] !== 'master') return;
        // One command per key, because on a cluster the keys are in different slots. All are sent at once.
        await Promise.all((await keysOf(client, prefix)).map((key) => client.unlink(key)));
      } finally {
        client.disconnect();
      }
    }),
  );
}

/** The keys under a prefix, on one server. */
export async function keysOf(client: Redis, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let cursor = '0'; ; ) {
    const [next, some] = await client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1000);
    keys.push(...some);
    cursor = next;
    if (cursor === '0') return keys;
  }
}
