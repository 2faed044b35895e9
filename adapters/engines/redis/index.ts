import { batched, type Duration, parseDuration, type SessionStore } from '../../../src/index.ts';
import type { RedisClient } from './client.ts';
import { executorOf } from './executor.ts';
import { Keys } from './keys.ts';
import { type Confirmation, Server } from './server.ts';
import { RedisStore } from './store.ts';

export type {
  IoRedisClient,
  IoRedisPipeline,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
  RedisClient,
} from './client.ts';

/** How many replicas must have a revocation before it resolves. */
export interface RedisReplicas {
  /** How many of them, 1 to 100; on a cluster, of each primary's own. */
  readonly atLeast: number;
  /**
   * How long they are waited for, 1 ms to `'1m'`: so long, at most, whatever else goes over the same connection waits, too.
   * Default `'100ms'`.
   */
  readonly timeout?: Duration | undefined;
}

/** Options of {@link redisStore}. */
export interface RedisOptions {
  /**
   * What the names of all keys begin with: 1 to 64 characters without braces, spaces and controls. Every character is
   * stored with every session. Default `'sr:'`.
   */
  readonly prefix?: string | undefined;
  /**
   * Waits until replicas have whatever takes something away from somebody: revocations, endings, renewals, removals and
   * policies. Where too few confirm in time, that is `SESSION_STORE_UNCONFIRMED`: it was written, and a failover may lose
   * it. Default: waits for none.
   */
  readonly replicas?: RedisReplicas | undefined;
  /** Puts up with a server that evicts keys when its memory is full. Default `false`: that is `SESSION_STORE_UNSAFE`. */
  readonly allowEviction?: boolean | undefined;
  /**
   * Whether checks that would have to wait for each other anyway share a question. Switch it off where an answer must not
   * cross requests, such as in Workers. Default `true`.
   */
  readonly batch?: boolean | undefined;
}

/**
 * A store in Redis 6.2 or later, Valkey included: one server, one with Sentinels, or a cluster.
 *
 * - **Client**: a `Redis` or `Cluster` of ioredis or iovalkey, or what `createClient`, `createClientPool`, `createSentinel`
 *   or `createCluster` of node-redis give. It is taken as it is, and stays the caller's, who connects and closes it.
 * - **Checks** are one round trip: one MGET on one server; on a cluster, commands to the shards at the same time. Nothing is
 *   read from replicas, and a primary that was demoted is not believed for longer than a second.
 * - **Writes** are one script each, and happen wholly or not at all.
 * - **Memory**: about 280 bytes for a session without an account, and 60 in the user's index. What is over is removed by
 *   Redis itself; `prune` also removes sessions that never expire and were revoked, and old entries of the audit log.
 * - **Durability** is what Redis is set up for, and replication is asynchronous: a crash may lose the last second's revocations
 *   with `appendfsync everysec`, a failover those that no replica had, unless `replicas` waits for them.
 * - **Powers**: it keeps the audit log (in memory, too) and the policies of accounts, and tells how the server stands.
 *
 * Before its first question, the store looks at the server; where that fails, the next question tries again. `setup` also
 * looks at the rights of the user. What Redis or the client reports otherwise reaches the app as `SESSION_STORE_UNAVAILABLE`,
 * with that error as its `cause`.
 *
 * @throws `TypeError` for what is no client, and for unknown options; `SESSION_STORE_UNSAFE` for a client that reads from
 * replicas. Later: `SESSION_STORE_UNSUPPORTED` (older than 6.2, or a cluster with a client for one server),
 * `SESSION_STORE_UNSAFE` (a replica, or keys may be evicted), `SESSION_STORE_FOREIGN` (the keys under the prefix are
 * somebody else's), `SESSION_STORE_TOO_NEW`, `SESSION_STORE_DENIED`, `SESSION_STORE_UNCONFIRMED`.
 * @example
 * ```ts
 * import { Redis } from 'ioredis';
 * import { createSessions } from 'session-revocation';
 * import { redisStore } from 'session-revocation/redis';
 *
 * const client = new Redis('redis://127.0.0.1:6379', { socketTimeout: 5_000, maxRetriesPerRequest: 0 });
 * const sessions = createSessions({ store: redisStore(client) });
 * ```
 */
export function redisStore(client: RedisClient, options: RedisOptions = {}): SessionStore {
  const { prefix, confirmation, allowEviction, batch } = parseOptions(options);
  const server = new Server(executorOf(client), confirmation);
  const store = new RedisStore({ server, keys: new Keys(prefix), allowEviction, confirmation });
  return batch ? batched(store) : store;
}

const KNOWN = ['prefix', 'replicas', 'allowEviction', 'batch'];
const PREFIX = /^[^{}\s\p{Cc}\p{Cs}]{1,64}$/u;
const DEFAULT_PREFIX = 'sr:';
const DEFAULT_TIMEOUT = '100ms';
const LONGEST_TIMEOUT = 60_000;
const MOST_REPLICAS = 100;

function parseOptions(input: unknown) {
  const options = keysOf('the options of redisStore', input, KNOWN);
  const { prefix = DEFAULT_PREFIX, replicas, allowEviction = false, batch = true } = options;
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw new TypeError('prefix must be 1 to 64 characters without braces, spaces and controls');
  }
  for (const [name, value] of Object.entries({ allowEviction, batch })) {
    if (typeof value !== 'boolean') throw new TypeError(`${name} must be a boolean`);
  }
  const confirmation = replicas === undefined ? null : parseReplicas(replicas);
  return { prefix, confirmation, allowEviction: allowEviction === true, batch: batch === true };
}

function parseReplicas(input: unknown): Confirmation {
  const { atLeast, timeout = DEFAULT_TIMEOUT } = keysOf('replicas', input, ['atLeast', 'timeout']);
  if (!Number.isSafeInteger(atLeast) || (atLeast as number) < 1 || (atLeast as number) > MOST_REPLICAS) {
    throw new TypeError(`replicas.atLeast must be a whole number, 1 to ${MOST_REPLICAS}`);
  }
  const ms = parseDuration('replicas.timeout', timeout, 1);
  if (ms > LONGEST_TIMEOUT) {
    throw new TypeError(`replicas.timeout is ${ms} ms; at most ${LONGEST_TIMEOUT} ms are allowed`);
  }
  // Redis takes 0 for ever.
  return { atLeast: atLeast as number, timeout: Math.max(Math.round(ms), 1) };
}

function keysOf(name: string, input: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof input !== 'object' || input === null) throw new TypeError(`${name} must be an object`);
  const unknown = Object.keys(input).find((key) => !known.includes(key));
  if (unknown === undefined) return input as Record<string, unknown>;
  throw new TypeError(`${name} has an unknown key ${JSON.stringify(unknown)}; known are ${known.join(', ')}`);
}
