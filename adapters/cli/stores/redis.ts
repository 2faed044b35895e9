import { isSessionError, SessionError } from '../../../src/index.ts';
import { failureOf } from '../../engines/redis/failure.ts';
import {
  type IoRedisClient,
  type NodeRedisClient,
  type NodeRedisCluster,
  type RedisClient,
  type RedisOptions,
  redisStore,
} from '../../engines/redis/index.ts';
import { chainOf, Refusal } from '../failure.ts';
import { inTime } from '../in-time.ts';
import { type Connection, type ConnectOptions, connectTimeout, type Emitter, Trouble } from './connection.ts';
import { findDriver } from './driver.ts';
import { type ClusterUrl, countOf, type ServerUrl, switchOf } from './store-url.ts';

type RedisUrl = ServerUrl<'redis'> | ClusterUrl;

/** What we need of ioredis, and of iovalkey, which is made of it. */
interface Ioredis {
  readonly Redis: new (url: string, options: object) => IoredisClient;
  readonly Cluster: new (nodes: readonly object[], options: object) => IoredisClient;
}
type IoredisClient = IoRedisClient & Selecting & Emitter & { disconnect(): void };

/** What we need of node-redis. */
interface NodeRedis {
  createClient(options: object): NodeRedisClient & Selecting & Connecting;
  createCluster(options: object): NodeRedisCluster & Connecting;
}
type Connecting = Emitter & { connect(): Promise<unknown>; destroy(): void };
type Selecting = { select(database: number): Promise<unknown> };

/** A client, whoever made it. */
interface Driven {
  readonly client: RedisClient & Emitter;
  /** Connects. Of one server, tells what that says of clusters. */
  connect(): Promise<unknown>;
  /** Changes to another database. Only of one server. */
  select?(database: number): Promise<unknown>;
  close(): Promise<void>;
}

/** How long a connection may take to be made, and an answer to come, in ms. */
interface Waits {
  readonly timeout: number;
  readonly patience: number;
}

/** So often a lost connection is tried again before it is given up. */
const MOST_RETRIES = 3;
const RETRY_AFTER = 100;

export async function connectRedis(url: RedisUrl, options: ConnectOptions): Promise<Connection> {
  const driver = findDriver('Redis', ['ioredis', 'iovalkey', 'redis']);
  const waits: Waits = { timeout: connectTimeout(options), patience: options.timeout };
  const store = optionsOf(url);
  const driven =
    driver.name === 'redis'
      ? fromNodeRedis(driver.exports as NodeRedis, url, waits)
      : fromIoredis(driver.exports as Ioredis, url, waits);
  const trouble = new Trouble();
  // Clusters say there why one of their nodes is not there.
  trouble.listen(driven.client, 'node-error', 'node error');
  try {
    const opened = redisStore(driven.client, store);
    await inTime(begin(driven, url), options.timeout).catch((error: unknown) => {
      throw explained(error, trouble.last, url.engine === 'redis-cluster');
    });
    return { store: opened, trouble: () => trouble.last, close: () => driven.close() };
  } catch (error) {
    // What cannot be a store leaves no connection behind, either. It may have given up by itself.
    await driven.close().catch(() => {});
    throw error;
  }
}

/**
 * Connects, and makes sure before anything is done that it is the database that was named: where the server refuses that, some
 * drivers go on in the first one.
 */
async function begin({ connect, select }: Driven, url: RedisUrl): Promise<void> {
  const clusters = await connect();
  if (url.engine === 'redis-cluster') return;
  if (/^cluster_enabled:1\b/m.test(String(clusters))) {
    const scheme = url.url.protocol.replace(':', '+cluster:');
    throw new Refusal(
      `--store is a node of a cluster: write ${scheme}//${url.url.host}, with more nodes behind commas`,
    );
  }
  const database = Number(url.url.pathname.slice(1));
  if (database === 0) return;
  await select?.(database).catch((error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith('ERR '))) throw error;
    throw new Refusal(`--store names database ${database}, which this Redis refuses: ${error.message}`);
  });
}

/** What kept a client from connecting, which some tell on the side alone. */
function explained(error: unknown, trouble: unknown, isCluster: boolean): unknown {
  if (error instanceof Refusal) return error;
  const told = [error, trouble].flatMap(chainOf).map((one) => failureOf(one, isCluster));
  return (
    told.find((one) => isSessionError(one)) ??
    new SessionError('SESSION_STORE_UNAVAILABLE', 'Redis does not answer', { cause: trouble ?? error })
  );
}

/** As the app has them: a revocation that its own would have to confirm is confirmed here, too. */
function optionsOf({ settings }: RedisUrl): RedisOptions {
  const atLeast = countOf('replicas', settings.replicas);
  return {
    prefix: settings.prefix,
    replicas: atLeast === undefined ? undefined : { atLeast },
    allowEviction: switchOf('allowEviction', settings.allowEviction),
  };
}

function fromIoredis({ Redis, Cluster }: Ioredis, url: RedisUrl, { timeout, patience }: Waits): Driven {
  const retry = (times: number): number | null => (times > MOST_RETRIES ? null : RETRY_AFTER);
  // What was sent when the connection broke is told as unknown, and not done twice.
  const common = { connectTimeout: timeout, socketTimeout: patience, maxRetriesPerRequest: 0 };
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
  const { timeout, patience } = waits;
  const reconnectStrategy = (times: number): number | false => (times >= MOST_RETRIES ? false : RETRY_AFTER);
  const socket = { connectTimeout: timeout, socketTimeout: patience, reconnectStrategy };
  if (url.engine === 'redis') {
    // The database is chosen behind it, where a refusal is told apart from that of a login.
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
