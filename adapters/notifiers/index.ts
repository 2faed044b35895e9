/**
 * Notifiers for the option `freshness`: they carry revocations to the other processes at once.
 *
 * ```ts
 * import { createSessions } from 'session-revocation';
 * import { postgresNotifier } from 'session-revocation/notifiers';
 * import { postgresStore } from 'session-revocation/postgres';
 * import pg from 'pg';
 *
 * const pool = new pg.Pool();
 * const sessions = createSessions({
 *   store: postgresStore(pool),
 *   freshness: { maxStaleness: '1s', notifier: postgresNotifier(pool) },
 * });
 * ```
 * @module
 */
export type { Notifier } from '../../src/adapter.ts';
export { type NatsClient, type NatsMessage, type NatsSubscription, natsNotifier } from './nats.ts';
export type { NotifierOptions } from './options.ts';
export {
  type PgListener,
  type PgNotifierPool,
  type PostgresJsNotifier,
  postgresNotifier,
} from './postgres.ts';
export {
  type IoRedisPublisher,
  type IoRedisSubscriber,
  type NodeRedisPublisher,
  type NodeRedisSubscriber,
  type RedisNotifierOptions,
  redisNotifier,
} from './redis.ts';
export { clusterNotifier, threadsNotifier } from './workers.ts';
