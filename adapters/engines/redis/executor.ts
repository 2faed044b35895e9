import type { Executor, IoRedisClient, NodeRedisClient, NodeRedisCluster, NodeRedisSentinel } from './client.ts';
import { IoRedisExecutor } from './io-redis.ts';
import { NodeRedisClusterExecutor, NodeRedisExecutor, NodeRedisSentinelExecutor } from './node-redis.ts';

/**
 * How to ask through a client, told by what it can do: no vendor's class is known here.
 * @throws `TypeError` for what is no client; `SESSION_STORE_UNSAFE` for one that reads from replicas.
 */
export function executorOf(client: unknown): Executor {
  const can = (name: string): boolean => isObject(client) && typeof Reflect.get(client, name) === 'function';
  if (can('call') && can('pipeline')) return new IoRedisExecutor(client as IoRedisClient);
  if (can('sendCommand') && can('MULTI')) {
    if (can('nodeClient')) return new NodeRedisClusterExecutor(client as NodeRedisCluster);
    if (can('getSentinelNode')) return new NodeRedisSentinelExecutor(client as NodeRedisSentinel);
    return new NodeRedisExecutor(client as NodeRedisClient);
  }
  throw new TypeError(
    'redisStore needs a client: a Redis or Cluster of ioredis or iovalkey, or what createClient, createClientPool, ' +
      'createSentinel or createCluster of node-redis give',
  );
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
