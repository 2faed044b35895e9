import { Cluster, Redis } from 'ioredis';
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey';
import { createClient, createClientPool, createCluster } from 'redis';
import type { RedisClient } from 'session-revocation/redis';
import { findService } from '../../services/index.ts';

/** A connected client, and how to be rid of it. */
export interface Connected {
  readonly client: RedisClient;
  close(): Promise<unknown> | unknown;
}

type Connect = (url: string) => Promise<Connected>;

const urlsOf = (url: string): string[] => url.split(',');
const ended = { lazyConnect: true } as const;

/** Clients for one server, by name. */
export const clients: Readonly<Record<string, Connect>> = {
  async ioredis(url) {
    const client = new Redis(url, ended);
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async iovalkey(url) {
    const client = new Valkey(url, ended);
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async 'node-redis'(url) {
    const client = await createClient({ url }).connect();
    return { client, close: () => client.destroy() };
  },
  async 'node-redis, the old protocol'(url) {
    const client = await createClient({ url, RESP: 2 }).connect();
    return { client, close: () => client.destroy() };
  },
  async 'node-redis, a pool'(url) {
    const client = createClientPool({ url }, { minimum: 2, maximum: 5 });
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

/** Clients for a cluster, by name. */
export const clusterClients: Readonly<Record<string, Connect>> = {
  async ioredis(url) {
    const client = new Cluster(urlsOf(url), ended);
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async iovalkey(url) {
    const client = new ValkeyCluster(urlsOf(url), ended);
    await client.connect();
    return { client, close: () => client.disconnect() };
  },
  async 'node-redis'(url) {
    const client = createCluster({ rootNodes: urlsOf(url).map((one) => ({ url: one })) });
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

/** Where the server of the tests is; `null` where there is none. */
export const url: string | null = await findService('redis');

/** A prefix that nobody else has. */
export const newPrefix = (): string => `test-${Math.random().toString(36).slice(2)}:`;

/** Removes all keys under a prefix, from one server or from all of a cluster's. */
export async function removeKeys(of: string, prefix: string): Promise<void> {
  await Promise.all(
    urlsOf(of).map(async (one) => {
      const client = new Redis(one);
      try {
        if ((await client.role())[0] !== 'master') return;
        for (const key of await keysOf(client, prefix)) await client.unlink(key);
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
