import {
  batched,
  inCall,
  kindOf,
  parseArguments,
  parseDuration,
  parseName,
  parseSwitch,
  shown,
} from '../../../src/adapter.ts';
import type { Duration, SessionStore } from '../../../src/index.ts';
import type { RedisChanges } from './changes/changes.ts';
import type { RedisClient } from './clients/client.ts';
import { executorOf } from './clients/executor.ts';
import { Server } from './connection.ts';
import { Keys } from './keys.ts';
import type { Confirmation } from './replication.ts';
import { createStore } from './store.ts';

export type { RedisChanges } from './changes/changes.ts';
export type { RedisAddress } from './changes/primaries.ts';
export type {
  IoRedisClient,
  IoRedisPipeline,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
  RedisClient,
} from './clients/client.ts';

/** Number of replicas that must confirm a revocation before it resolves. */
export interface RedisReplicas {
  /** Number of replicas, 1 to 100. On a cluster, the number for each primary. */
  readonly atLeast: number;
  /**
   * Time limit for the confirmation, 1 ms to `'1m'`. Other commands on the same connection wait, too. Default
   * `'100ms'`.
   */
  readonly timeout?: Duration | undefined;
  /**
   * Longest silence after which a replica still counts as connected, `'2s'` to `'1h'`. While a primary has fewer
   * connected replicas than `atLeast`, the store does not trust it and checks fail as an outage. Keep this value, and
   * 2 s, below the time after which a failover begins. Default `'10s'`.
   */
  readonly maxLag?: Duration | undefined;
}

/** Options of {@link redisStore}. */
export interface RedisOptions {
  /**
   * Prefix of all key names: 1 to 64 characters without braces, spaces and control characters. Redis stores it with
   * every session, so each character costs memory. Another prefix is another store: every user is signed out. Default
   * `'sr:'`.
   */
  readonly prefix?: string | undefined;
  /**
   * Makes writes wait for replicas, and makes checks fail as an outage while the primary hears from too few of them.
   * Such a primary may be cut off from the network. The writes that wait are those that take something away from a
   * user: revocations, endings, renewals, removals and policies. If too few replicas confirm in time, the write fails
   * with `SESSION_STORE_UNCONFIRMED`: it was written, but a failover may lose it. Default: writes wait for no replica.
   */
  readonly replicas?: RedisReplicas | undefined;
  /**
   * Allows a server that evicts keys when its memory is full. An evicted key may sign users out, lift a suspension,
   * reset a policy, or let tokens of other issuers pass that a guard had denied. With the default `false`, the store
   * fails with `SESSION_STORE_UNSAFE` on such a server.
   */
  readonly allowEviction?: boolean | undefined;
  /**
   * Allows a server on which a restart may bring revoked sessions back. This is a server without an append-only file
   * (the Redis default) or with `appendfsync no`. By default the store works and the process warns once
   * (`SESSION_STORE_LOSS_ON_RESTART`). With `false` the store fails with `SESSION_STORE_UNSAFE`; with `true` it does
   * not warn. Set `false` in production.
   */
  readonly allowLossOnRestart?: boolean | undefined;
  /**
   * Lets the servers tell what changed, for the option `freshness`. A process then reads a session again only if it
   * changed, and not once in each `maxStaleness`. The store opens one connection to each primary. Default: no
   * connection, so a process reads a session again once in each `maxStaleness`.
   */
  readonly changes?: RedisChanges | undefined;
  /**
   * Combines checks that would wait for each other into one request to the server. Set `false` where an answer must not
   * cross requests, for example in Workers. A check that waits to be sent fails after 5 s. Default `true`.
   */
  readonly batch?: boolean | undefined;
}

/**
 * Creates a store in Redis 6.2 or later, or Valkey: one server, a server with Sentinels, or a cluster.
 *
 * - **Client**: a `Redis` or `Cluster` of ioredis or iovalkey, or the result of node-redis's `createClient`,
 *   `createClientPool`, `createSentinel` or `createCluster`. The caller keeps ownership, and connects and closes it.
 * - **Checks** are one round trip: one MGET on one server, parallel commands to the shards on a cluster. The store
 *   reads nothing from replicas, and trusts a demoted primary for at most one second.
 * - **Writes** are one script each, so they are atomic.
 * - **Memory**: about 1,500 bytes for a user with one session, and 355 for each further session. Redis itself removes
 *   ended sessions. `prune` also removes revoked sessions that never expire, and old entries of the audit log.
 * - **Durability** depends on the settings of Redis, and replication is asynchronous. With `appendfsync everysec`, a
 *   crash may lose the last second's revocations. A failover may lose those that no replica had, unless `replicas`
 *   waits for them.
 * - **Powers**: the audit log (also in memory), account policies, and a diagnosis of the server. With the option
 *   `changes`, it tells what changed.
 *
 * The store inspects the server before its first request, and tries again at the next request if that fails. `setup`
 * also checks the rights of the Redis user. Every other error of Redis or the client becomes
 * `SESSION_STORE_UNAVAILABLE`, with the original error as its `cause`.
 *
 * Later errors of this store:
 * - `SESSION_STORE_UNSUPPORTED`: Redis is older than 6.2, or it is a cluster and the client is for one server.
 * - `SESSION_STORE_UNSAFE`: the server is a replica, may evict keys, or has a risk that the options do not allow.
 * - `SESSION_STORE_NAME_CONFLICT`: the keys under the prefix belong to another application.
 * - `SESSION_STORE_TOO_NEW`: the keys belong to a later version of this library.
 * - `SESSION_STORE_DENIED`: the Redis user lacks rights, or the password is wrong.
 * - `SESSION_STORE_UNCONFIRMED`: a write was made, but too few replicas confirmed it in time.
 *
 * @param client a client of ioredis, iovalkey or node-redis.
 * @param options prefix of the keys, and the demands on the server. Each option has a default.
 * @throws `TypeError` if `client` is not a supported client, and for unknown options; `SESSION_STORE_UNSAFE` for a
 * client that reads from replicas.
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
  return inCall('redisStore(client, options)', () => {
    const { prefix, confirmation, tolerance, changes, batch } = parseOptions(options);
    const server = new Server(executorOf(client), confirmation);
    const store = createStore({ server, keys: new Keys(prefix), tolerance, confirmation, changes });
    return batch ? batched(store) : store;
  });
}

const KNOWN = ['prefix', 'replicas', 'allowEviction', 'allowLossOnRestart', 'changes', 'batch'];

function parseOptions(options: unknown) {
  const { prefix, replicas, allowEviction, allowLossOnRestart, changes, batch } = parseArguments(
    'options',
    options,
    KNOWN,
  );
  return {
    prefix: parsePrefix(prefix),
    confirmation: replicas === undefined ? null : parseReplicas(replicas),
    tolerance: {
      allowEviction: parseSwitch('allowEviction', allowEviction),
      allowLossOnRestart:
        allowLossOnRestart === undefined ? undefined : parseSwitch('allowLossOnRestart', allowLossOnRestart),
    },
    changes: changes === undefined ? null : parseChanges(changes),
    batch: parseSwitch('batch', batch, true),
  };
}

const DEFAULT_PREFIX = 'sr:';
const MAX_PREFIX = 64;

function parsePrefix(value: unknown = DEFAULT_PREFIX): string {
  const prefix = parseName('prefix', value, { min: 1, max: MAX_PREFIX, unit: 'characters' });
  // Braces choose the slot of a key in a cluster. A space would end the pattern of an ACL rule.
  if (/[{}\s\p{Cc}]/u.test(prefix)) {
    throw new TypeError('prefix must have no braces, spaces and control characters');
  }
  return prefix;
}

const MAX_REPLICAS = 100;
const MAX_TIMEOUT = 60_000;
const MIN_LAG = 2_000;
const MAX_LAG = 3_600_000;

function parseReplicas(options: unknown): Confirmation {
  const {
    atLeast,
    timeout = '100ms',
    maxLag = '10s',
  } = parseArguments('replicas', options, ['atLeast', 'timeout', 'maxLag'], '{ atLeast: 1 }');
  if (!Number.isSafeInteger(atLeast) || (atLeast as number) < 1 || (atLeast as number) > MAX_REPLICAS) {
    throw new TypeError(`replicas.atLeast is ${shown(atLeast)}; allowed are whole numbers from 1 to ${MAX_REPLICAS}`);
  }
  return {
    atLeast: atLeast as number,
    timeout: parseDuration('replicas.timeout', timeout, { max: MAX_TIMEOUT }),
    maxLag: parseDuration('replicas.maxLag', maxLag, { min: MIN_LAG, max: MAX_LAG }),
  };
}

function parseChanges(options: unknown): RedisChanges {
  const example = '{ connect: ({ host, port }) => net.connect(port, host) }';
  const { connect, username, password } = parseArguments(
    'changes',
    options,
    ['connect', 'username', 'password'],
    example,
  );
  if (typeof connect !== 'function') {
    throw new TypeError(`changes.connect must be a function, not ${kindOf(connect)}: write changes: ${example}`);
  }
  for (const [name, text] of Object.entries({ username, password })) {
    if (text !== undefined && typeof text !== 'string') {
      throw new TypeError(`changes.${name} must be a string, not ${kindOf(text)}`);
    }
  }
  return { connect, username, password } as RedisChanges;
}
