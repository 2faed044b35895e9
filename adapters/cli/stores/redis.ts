import { SessionError } from '../../../src/index.ts';
import { type RedisClient, type RedisOptions, redisStore } from '../../engines/redis/index.ts';
import { type Connection, type ConnectOptions, connectTimeout, type Emitter, Trouble } from './connection.ts';
import { findDriver } from './driver.ts';
import { type ClusterUrl, countOf, type ServerUrl, switchOf } from './store-url.ts';

type RedisUrl = ServerUrl<'redis'> | ClusterUrl;

/** What we need of ioredis, and of iovalkey, which is made of it. */
interface Ioredis {
  readonly Redis: new (url: string, options: object) => RedisClient & Emitter & { disconnect(): void };
  readonly Cluster: new (nodes: readonly object[], options: object) => RedisClient & Emitter & { disconnect(): void };
}

/** What we need of node-redis. */
interface NodeRedis {
  createClient(options: object): NodeRedisClient;
  createCluster(options: object): NodeRedisClient;
}
type NodeRedisClient = RedisClient & Emitter & { connect(): Promise<unknown>; destroy(): void };

/** How long a connection may take to be made, and an answer to come, in ms. */
interface Waits {
  readonly timeout: number;
  readonly patience: number;
}

/** So often a lost connection is tried again before a command gives up. */
const MOST_RETRIES = 3;
const RETRY_AFTER = 100;

export async function connectRedis(url: RedisUrl, options: ConnectOptions): Promise<Connection> {
  const driver = findDriver('Redis', ['ioredis', 'iovalkey', 'redis']);
  const timeout = connectTimeout(options);
  const patience = options.timeout;
  const trouble = new Trouble();
  const store = optionsOf(url);
  if (driver.name !== 'redis') {
    const client = fromIoredis(driver.exports as Ioredis, url, { timeout, patience });
    trouble.listen(client);
    return connectionOf(client, store, trouble, () => client.disconnect());
  }
  const client = fromNodeRedis(driver.exports as NodeRedis, url, { timeout, patience });
  // A cluster says there why one of its nodes is not there.
  trouble.listen(client, 'node-error');
  await connected(client, trouble, options.timeout);
  return connectionOf(client, store, trouble, () => client.destroy());
}

/** What cannot be a store leaves no connection behind, either. */
function connectionOf(client: RedisClient, options: RedisOptions, trouble: Trouble, close: () => void): Connection {
  try {
    return { store: redisStore(client, options), trouble: () => trouble.last, close: async () => close() };
  } catch (error) {
    close();
    throw error;
  }
}

/** This one waits for ever for a server that accepts and does not answer. */
async function connected(client: NodeRedisClient, trouble: Trouble, timeout: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeout} ms`)), timeout);
  });
  try {
    await Promise.race([client.connect(), late]);
  } catch (error) {
    try {
      client.destroy();
    } catch {
      // It has given up by itself.
    }
    const cause = trouble.last ?? error;
    throw new SessionError('SESSION_STORE_UNAVAILABLE', 'Redis does not answer', { cause });
  } finally {
    clearTimeout(timer);
  }
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

function fromIoredis({ Redis, Cluster }: Ioredis, url: RedisUrl, { timeout, patience }: Waits) {
  const retry = (times: number): number | null => (times > MOST_RETRIES ? null : RETRY_AFTER);
  const common = {
    connectTimeout: timeout,
    socketTimeout: patience,
    maxRetriesPerRequest: MOST_RETRIES,
    // What was sent when the connection broke is told as unknown, and not done twice.
    autoResendUnfulfilledCommands: false,
  };
  if (url.engine === 'redis') return new Redis(url.url.href, { ...common, retryStrategy: retry });
  const { nodes, username, password, tls } = url;
  return new Cluster(nodes, {
    clusterRetryStrategy: retry,
    slotsRefreshTimeout: timeout,
    redisOptions: { ...common, ...login(username, password), ...(tls ? { tls: {} } : {}) },
  });
}

function fromNodeRedis(
  { createClient, createCluster }: NodeRedis,
  url: RedisUrl,
  { timeout, patience }: Waits,
): NodeRedisClient {
  const reconnectStrategy = (times: number): number | false => (times >= MOST_RETRIES ? false : RETRY_AFTER);
  const socket = { connectTimeout: timeout, socketTimeout: patience, reconnectStrategy };
  if (url.engine === 'redis') return createClient({ url: url.url.href, socket });
  const { nodes, username, password, tls } = url;
  const scheme = tls ? 'rediss' : 'redis';
  return createCluster({
    rootNodes: nodes.map(({ host, port }) => ({
      url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    })),
    defaults: { ...login(username, password), socket: tls ? { ...socket, tls } : socket },
  });
}

const login = (username: string | undefined, password: string | undefined): object => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
});
