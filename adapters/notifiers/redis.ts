import { kindOf, type Notifier, parseSwitch } from '../../src/adapter.ts';
import { fanOut } from './fan-out.ts';
import { type NotifierOptions, parseChannel } from './options.ts';

/** The part of node-redis's `createClient` and `createCluster` that publishes. */
export interface NodeRedisPublisher {
  /**
   * Sends a message.
   * @param channel the option `channel`.
   * @param message a message of {@link Notifier.publish}.
   */
  publish(channel: string, message: string): Promise<unknown>;
  /**
   * Sends a message to one shard.
   * @param channel the option `channel`.
   * @param message a message of {@link Notifier.publish}.
   */
  sPublish(channel: string, message: string): Promise<unknown>;
}

/** The part of node-redis's `createClient` and `createCluster` that listens. */
export interface NodeRedisSubscriber {
  /**
   * Listens to a channel.
   * @param channel the option `channel`.
   * @param listener receives the message.
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /**
   * Ends the subscription to a channel.
   * @param channel the option `channel`.
   */
  unsubscribe(channel: string): Promise<unknown>;
  /**
   * Listens to a channel of one shard.
   * @param channel the option `channel`.
   * @param listener receives the message.
   */
  sSubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /**
   * Ends the subscription to a channel of one shard.
   * @param channel the option `channel`.
   */
  sUnsubscribe(channel: string): Promise<unknown>;
}

/** The part of ioredis's and iovalkey's `Redis` and `Cluster` that publishes. */
export interface IoRedisPublisher {
  /**
   * Sends a message.
   * @param channel the option `channel`.
   * @param message a message of {@link Notifier.publish}.
   */
  publish(channel: string, message: string): Promise<unknown>;
  /**
   * Sends a message to one shard.
   * @param channel the option `channel`.
   * @param message a message of {@link Notifier.publish}.
   */
  spublish(channel: string, message: string): Promise<unknown>;
}

/** The part of ioredis's and iovalkey's `Redis` and `Cluster` that listens. */
export interface IoRedisSubscriber {
  /**
   * Listens to a channel.
   * @param channel the option `channel`.
   */
  subscribe(channel: string): Promise<unknown>;
  /**
   * Ends the subscription to a channel.
   * @param channel the option `channel`.
   */
  unsubscribe(channel: string): Promise<unknown>;
  /**
   * Listens to a channel of one shard.
   * @param channel the option `channel`.
   */
  ssubscribe(channel: string): Promise<unknown>;
  /**
   * Ends the subscription to a channel of one shard.
   * @param channel the option `channel`.
   */
  sunsubscribe(channel: string): Promise<unknown>;
  /**
   * Calls back for each message.
   * @param event `'smessage'` for sharded pub/sub, otherwise `'message'`.
   * @param listener receives the channel and the message. It may be called for other channels of the connection, too.
   */
  on(event: 'message' | 'smessage', listener: (channel: string, message: string) => void): unknown;
  /**
   * Removes a listener.
   * @param event the event that the listener was added to.
   * @param listener the function that was passed to `on`.
   */
  off(event: 'message' | 'smessage', listener: (channel: string, message: string) => void): unknown;
}

/** Options of {@link redisNotifier}. */
export interface RedisNotifierOptions extends NotifierOptions {
  /** The app's client, which publishes. It may be the one of the store. */
  readonly client: NodeRedisPublisher | IoRedisPublisher;
  /**
   * A second connection, such as `client.duplicate()`, because a connection that listens takes no other commands. The
   * app connects and closes it.
   */
  readonly subscriber: NodeRedisSubscriber | IoRedisSubscriber;
  /**
   * Uses sharded pub/sub of Redis 7, on a cluster: each message goes to one shard and not to every node. ioredis's
   * cluster needs its option `shardedSubscribers: true`. Default `false`.
   */
  readonly sharded?: boolean | undefined;
}

/**
 * Creates a notifier over Redis or Valkey pub/sub. The clients listen again by themselves after a lost connection. With
 * an ACL, the user needs `+publish +subscribe +unsubscribe` (`+spublish +ssubscribe +sunsubscribe` if sharded) and
 * `&session-revocation`, the channel.
 * @param options the two connections, and how they are used. Unknown names are a `TypeError`.
 * @throws `TypeError` if a client is none of node-redis, ioredis or iovalkey, and for unknown or malformed options.
 * @example
 * ```ts
 * import { Redis } from 'ioredis';
 * import { redisNotifier } from 'session-revocation/notifiers';
 *
 * const client = new Redis();
 * const notifier = redisNotifier({ client, subscriber: client.duplicate() });
 * ```
 */
export function redisNotifier(options: RedisNotifierOptions): Notifier {
  const channel = parseChannel(options, ['client', 'subscriber', 'sharded']);
  const { client, subscriber } = options;
  const isSharded = parseSwitch('sharded', options.sharded);
  return { publish: publisherOf(client, channel, isSharded), subscribe: listenerOf(subscriber, channel, isSharded) };
}

function publisherOf(client: NodeRedisPublisher | IoRedisPublisher, channel: string, isSharded: boolean) {
  if (can(client, 'sPublish')) {
    const node = client as NodeRedisPublisher;
    return (message: string) => (isSharded ? node.sPublish(channel, message) : node.publish(channel, message));
  }
  if (can(client, 'spublish')) {
    const io = client as IoRedisPublisher;
    return (message: string) => (isSharded ? io.spublish(channel, message) : io.publish(channel, message));
  }
  throw notAClient('client', client);
}

function listenerOf(subscriber: NodeRedisSubscriber | IoRedisSubscriber, channel: string, isSharded: boolean) {
  if (can(subscriber, 'sSubscribe')) {
    const node = subscriber as NodeRedisSubscriber;
    return fanOut(async (hear) => {
      await (isSharded ? node.sSubscribe(channel, hear) : node.subscribe(channel, hear));
      return () => (isSharded ? node.sUnsubscribe(channel) : node.unsubscribe(channel));
    });
  }
  if (can(subscriber, 'ssubscribe')) {
    const io = subscriber as IoRedisSubscriber;
    const event = isSharded ? 'smessage' : 'message';
    return fanOut(async (hear) => {
      const listener = (from: string, message: string): void => {
        if (from === channel) hear(message);
      };
      io.on(event, listener);
      try {
        await (isSharded ? io.ssubscribe(channel) : io.subscribe(channel));
      } catch (error) {
        io.off(event, listener);
        throw error;
      }
      return () => {
        io.off(event, listener);
        return isSharded ? io.sunsubscribe(channel) : io.unsubscribe(channel);
      };
    });
  }
  throw notAClient('subscriber', subscriber);
}

const can = (client: unknown, name: string): boolean =>
  typeof client === 'object' && client !== null && typeof Reflect.get(client, name) === 'function';

const notAClient = (name: string, client: unknown): TypeError =>
  new TypeError(
    `${name} must be a client of node-redis (createClient, createCluster), ioredis or iovalkey (Redis, Cluster), not ${kindOf(client)}`,
  );
