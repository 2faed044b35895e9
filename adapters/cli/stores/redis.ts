import { withTimeout } from '../../../src/adapter.ts';
import { isSessionError, SessionError } from '../../../src/index.ts';
import { meaningOf } from '../../engines/redis/errors.ts';
import {
  type IoRedisClient,
  type NodeRedisClient,
  type NodeRedisCluster,
  type RedisClient,
  type RedisOptions,
  redisStore,
} from '../../engines/redis/index.ts';
import { chainOf, Refusal } from '../errors.ts';
import { type Connection, type ConnectOptions, connectTimeout, type Emitter, Trouble } from './connection.ts';
import { findDriver } from './driver.ts';
import { type ClusterUrl, countOf, type ServerUrl, switchOf } from './store-url.ts';

type RedisUrl = ServerUrl<'redis'> | ClusterUrl;

/** The subsets of the drivers that the command needs. iovalkey is a fork of ioredis. */
interface Ioredis {
  readonly Redis: new (url: string, options: object) => IoredisClient;
  readonly Cluster: new (nodes: readonly object[], options: object) => IoredisClient;
}
type IoredisClient = IoRedisClient & Selecting & Emitter & { disconnect(): void };

interface NodeRedis {
  createClient(options: object): NodeRedisClient & Selecting & Connecting;
  createCluster(options: object): NodeRedisCluster & Connecting;
}
type Connecting = Emitter & { connect(): Promise<unknown>; destroy(): void };
type Selecting = { select(database: number): Promise<unknown> };

/** A client of either driver, in the form that the command needs. */
interface Driven {
  readonly client: RedisClient & Emitter;
  /** For a single server, returns its cluster information. */
  connect(): Promise<unknown>;
  /** Only for a single server. */
  select?(database: number): Promise<unknown>;
  close(): Promise<void>;
}

/** Time limits in ms, for connecting and for each answer. */
interface Waits {
  readonly timeout: number;
  readonly answerTimeout: number;
}

/** Attempts to connect again after a lost connection. */
const MAX_RETRIES = 3;
const RETRY_AFTER = 100;

export async function connectRedis(url: RedisUrl, options: ConnectOptions): Promise<Connection> {
  const driver = findDriver('Redis', ['ioredis', 'iovalkey', 'redis']);
  const waits: Waits = { timeout: connectTimeout(options), answerTimeout: options.timeout };
  const store = optionsOf(url);
  const driven =
    driver.name === 'redis'
      ? fromNodeRedis(driver.exports as NodeRedis, url, waits)
      : fromIoredis(driver.exports as Ioredis, url, waits);
  const trouble = new Trouble();
  // Through this event, a cluster client tells why a node is missing.
  trouble.listen(driven.client, 'node-error', 'node error');
  try {
    const opened = redisStore(driven.client, store);
    await withTimeout(begin(driven, url), options.timeout).catch((error: unknown) => {
      throw explained(error, trouble.last, url.engine === 'redis-cluster');
    });
    return { store: opened, trouble: () => trouble.last, close: () => driven.close() };
  } catch (error) {
    // The caller gets no connection to close, so close it here. The client may have closed it already.
    await driven.close().catch(() => {});
    throw error;
  }
}

/**
 * Connects, and selects the database of the URL before any other command. Some drivers would continue in database 0 if
 * the server refuses.
 */
async function begin({ connect, select }: Driven, url: RedisUrl): Promise<void> {
  const clusters = await connect();
  if (url.engine === 'redis-cluster') return;
  if (/^cluster_enabled:1\b/m.test(String(clusters))) {
    const scheme = url.url.protocol.replace(':', '+cluster:');
    throw new Refusal(
      `--store is a node of a cluster: write ${scheme}//${url.url.host}, and add more nodes after commas`,
    );
  }
  const database = Number(url.url.pathname.slice(1));
  if (database === 0) return;
  await select?.(database).catch((error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith('ERR '))) throw error;
    throw new Refusal(
      `--store names database ${database}, which this Redis refuses (${error.message}): use another number`,
    );
  });
}

/** Finds the error that tells the user most. Some clients report the reason only as an event, which is `trouble`. */
function explained(error: unknown, trouble: unknown, isCluster: boolean): unknown {
  if (error instanceof Refusal) return error;
  if (isCluster && [error, trouble].flatMap(chainOf).some(isNoCluster)) {
    return new Refusal(
      '--store is a URL of a Redis Cluster, but a single server answers there: write redis://host:6379',
    );
  }
  const failures = [error, trouble].flatMap(chainOf).map((one) => meaningOf(one, isCluster));
  return (
    failures.find((one) => isSessionError(one)) ??
    new SessionError('SESSION_STORE_UNAVAILABLE', 'Redis does not answer', { cause: trouble ?? error })
  );
}

const isNoCluster = (error: unknown): boolean =>
  error instanceof Error && /cluster support disabled/.test(error.message);

/** Returns the store's options. A revocation by the command needs confirmations of the same replicas as one by the app. */
function optionsOf({ settings }: RedisUrl): RedisOptions {
  const atLeast = countOf('replicas', settings.replicas);
  return {
    prefix: settings.prefix,
    replicas: atLeast === undefined ? undefined : { atLeast },
    allowEviction: switchOf('allowEviction', settings.allowEviction),
  };
}

function fromIoredis({ Redis, Cluster }: Ioredis, url: RedisUrl, { timeout, answerTimeout }: Waits): Driven {
  const retry = (times: number): number | null => (times > MAX_RETRIES ? null : RETRY_AFTER);
  // A command that is under way when the connection breaks fails, and is not sent again.
  const common = { connectTimeout: timeout, socketTimeout: answerTimeout, maxRetriesPerRequest: 0 };
  const drivenBy = (client: IoredisClient): Driven => ({
    client,
    connect: () => client.call('INFO', 'cluster'),
    select: (database) => client.select(database),
    close: async () => client.disconnect(),
  });
  if (url.engine === 'redis') return drivenBy(new Redis(url.url.href, { ...common, retryStrategy: retry }));
  const { nodes, username, password, tls } = url;
  return drivenBy(
    new Cluster(nodes, {
      clusterRetryStrategy: retry,
      slotsRefreshTimeout: timeout,
      redisOptions: { ...common, ...login(username, password), ...(tls ? { tls: {} } : {}) },
    }),
  );
}

function fromNodeRedis({ createClient, createCluster }: NodeRedis, url: RedisUrl, waits: Waits): Driven {
  const { timeout, answerTimeout } = waits;
  const reconnectStrategy = (times: number): number | false => (times >= MAX_RETRIES ? false : RETRY_AFTER);
  const socket = { connectTimeout: timeout, socketTimeout: answerTimeout, reconnectStrategy };
  if (url.engine === 'redis') {
    // `begin` selects the database later, so that a refusal does not look like a failed login.
    const server = new URL(url.url);
    server.pathname = '';
    const client = createClient({ url: server.href, socket });
    return {
      client,
      connect: async () => {
        await client.connect();
        return client.sendCommand(['INFO', 'cluster']);
      },
      select: (database) => client.select(database),
      close: async () => client.destroy(),
    };
  }
  const { nodes, username, password, tls } = url;
  const scheme = tls ? 'rediss' : 'redis';
  const client = createCluster({
    rootNodes: nodes.map(({ host, port }) => ({
      url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    })),
    defaults: { ...login(username, password), socket: tls ? { ...socket, tls } : socket },
  });
  return { client, connect: () => client.connect(), close: async () => client.destroy() };
}

const login = (username: string | undefined, password: string | undefined): object => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
});
