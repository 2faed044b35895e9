import { setTimeout as wait } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { createSessions } from 'session-revocation';
import { LoopbackProxy } from '../faults/loopback-proxy.ts';
import { type PrivateServer, startMariadb, startPostgres, startRedis, startRedisCluster } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import type { RedisCluster } from '../services/redis-cluster.ts';
import { newPlace, openStore, type Place, queryMysql, queryPostgres, through } from '../services/stores.ts';
import { until } from '../services/until.ts';
import type { Fault } from './trial.ts';

/** How long a server is away, in ms. */
const AWAY = 600;

/** A place, and all faults that may happen to it. */
export interface Arena {
  readonly place: Place;
  readonly faults: readonly Fault[];
}

/** Registers an action for the end of a test. */
export type AtEnd = (undo: () => Promise<void>) => void;

async function openProxy(port: number, atEnd: AtEnd): Promise<LoopbackProxy> {
  const proxy = await LoopbackProxy.open(port);
  atEnd(() => proxy.close());
  return proxy;
}

/** The faults of a network. */
const failing = (proxy: LoopbackProxy): readonly Fault[] => [
  async () => proxy.cut(),
  async () => {
    proxy.refuse();
    await wait(AWAY);
    proxy.heal();
  },
  async () => {
    proxy.swallow();
    await wait(AWAY);
    proxy.heal();
  },
];

/** Ends one connection, as an administrator does. */
const killOne: Readonly<Record<'postgres' | 'mysql' | 'redis', (url: string) => Promise<void>>> = {
  postgres: (url) =>
    queryPostgres(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = current_database() AND query LIKE '%sr_test%'
       ORDER BY random() LIMIT 1`,
    ),
  async mysql(url) {
    const connection = await createConnection(url);
    connection.on('error', () => {});
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = DATABASE() ORDER BY rand() LIMIT 1',
      );
      // The connection may already have ended.
      for (const { id } of rows) await connection.query(`KILL ${Number(id)}`).catch(() => {});
    } finally {
      await connection.end();
    }
  },
  redis: (url) =>
    withRedis(url, async (client) => {
      const clients = String(await client.client('LIST')).split('\n');
      const ids = clients
        .filter((line) => /cmd=(eval|evalsha|mget|get|hmget)/.test(line))
        .map((line) => /id=(\d+)/.exec(line)?.[1]);
      if (ids[0] !== undefined) await client.call('CLIENT', 'KILL', 'ID', ids[0]);
    }),
};

/**
 * `PRUNINGS`: how often a fault prunes the change log while processes follow it. `HOURS`: how many prunings each of
 * these takes, as if an hour passed between them.
 */
const [PRUNINGS, HOURS] = [5, 3];

const makeOld: Readonly<Record<'postgres' | 'mysql', (place: Place) => Promise<void>>> = {
  postgres: ({ url, space }) => queryPostgres(url, `UPDATE ${space}.horizon SET noted_at = 0`),
  mysql: ({ url }) =>
    queryMysql(url, 'UPDATE session_revocation_changes SET numbered_at = 0 WHERE numbered_at IS NOT NULL'),
};

/** Removes all changes that pruning may remove once they are old. */
const pruneChanges =
  (engine: keyof typeof makeOld, place: Place): Fault =>
  async () => {
    const { store, end } = openStore(place);
    // The timeout is long: a stopped process holds its locks, and CI is busy.
    const sessions = createSessions({ store, timeout: '1m' });
    for (let times = 0; times < PRUNINGS * HOURS; times++) {
      if (times % HOURS === 0) await wait(AWAY / PRUNINGS);
      // A process that numbers changes may hold the locks.
      await makeOld[engine](place).catch(() => {});
      await sessions.prune();
    }
    await store.close?.();
    await end();
  };

const starters = {
  postgres: () => startPostgres(),
  mysql: () => startMariadb(),
  // With these options, Redis keeps acknowledged writes over a crash.
  redis: () => startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] }),
} as const;

/** Starts a server behind a failing network. The server is killed and comes back. */
export async function crashingServer(engine: keyof typeof starters, atEnd: AtEnd): Promise<Arena> {
  const server = await starters[engine]();
  atEnd(() => server.stop());
  const place = await newPlace(engine, server.url);
  const proxy = await openProxy(server.port, atEnd);
  const crash: Fault = async () => {
    await server.kill('SIGKILL');
    await wait(AWAY);
    await server.restart();
  };
  const pruning = engine === 'redis' ? [] : [pruneChanges(engine, place)];
  return {
    place: through(place, proxy.port),
    faults: [crash, ...failing(proxy), () => killOne[engine](place.url), ...pruning],
  };
}

interface Replication {
  start(): Promise<PrivateServer>;
  follow(port: number): Promise<PrivateServer>;
  hasStandby(primary: PrivateServer): Promise<boolean>;
  promote(standby: PrivateServer): Promise<unknown>;
}

const replications: Readonly<Record<'postgres' | 'redis', Replication>> = {
  postgres: {
    start: () => startPostgres(),
    follow: (standbyOf) => startPostgres({ standbyOf }),
    hasStandby: (primary) =>
      queryPostgres(primary.url, "SELECT 1 / count(*) FROM pg_stat_replication WHERE state = 'streaming'").then(
        () => true,
        () => false,
      ),
    promote: (standby) => queryPostgres(standby.url, 'SELECT pg_promote()'),
  },
  redis: {
    start: () => startRedis(),
    follow: (port) => startRedis({ replicaOf: { port } }),
    hasStandby: (primary) =>
      withRedis(primary.url, async (client) => (await client.info('replication')).includes('state=online')),
    promote: (standby) => withRedis(standby.url, (client) => client.replicaof('NO', 'ONE')),
  },
};

/**
 * Starts a server behind a failing network. The server fails over to a standby that lacks the last acknowledged writes.
 */
export async function asynchronousStandby(engine: keyof typeof replications, atEnd: AtEnd): Promise<Arena> {
  const { start, follow, hasStandby, promote } = replications[engine];
  let primary = await start();
  let standby: PrivateServer | null = null;
  atEnd(async () => void (await Promise.all([primary.stop(), standby?.stop()])));
  const place = await newPlace(engine, primary.url);
  const clients = await openProxy(primary.port, atEnd);
  const between = await openProxy(primary.port, atEnd);
  const followAnew = async (): Promise<void> => {
    standby = await follow(between.port);
    await until('the standby follows', () => hasStandby(primary));
  };
  await followAnew();

  const failOver: Fault = async (trial) => {
    const next = standby;
    if (next === null) throw new Error('there is no standby');
    between.swallow();
    await trial.failOver({
      async kill() {
        await primary.kill('SIGKILL');
        clients.refuse();
      },
      async promote() {
        await promote(next);
        return { ...place, url: next.url };
      },
      resume() {
        clients.retarget(next.port);
        clients.heal();
      },
    });
    await primary.stop();
    [primary, standby] = [next, null];
    between.retarget(primary.port);
    between.heal();
    await followAnew();
  };
  const there = through(place, clients.port);
  const pruning = engine === 'redis' ? [] : [pruneChanges(engine, there)];
  return { place: there, faults: [failOver, ...failing(clients), failOver, ...pruning] };
}

/** Moves the slot of any key to another primary, as an administrator does. */
const moveSlot =
  ({ nodes, masterOf }: RedisCluster): Fault =>
  async () => {
    const keys = await Promise.all(nodes.map(({ url }) => withRedis(url, (client) => client.randomkey())));
    const key = keys.find((one) => one !== null) ?? '';
    const slot = await withRedis(nodes[0]?.url ?? '', (client) => client.cluster('KEYSLOT', key));
    const source = await masterOf(slot);
    const others = await Promise.all([0, 8_000, 16_383].map((one) => masterOf(one)));
    const target = others.find((one) => one !== source);
    if (target === undefined) throw new Error('there is one primary only');
    const [from, to] = await Promise.all(
      [source, target].map(({ url }) => withRedis(url, (one) => one.cluster('MYID'))),
    );
    await withRedis(target.url, (client) => client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', `${from}`));
    await withRedis(source.url, async (client) => {
      await client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', `${to}`);
      await wait(AWAY / 4);
      for (;;) {
        const some = (await client.cluster('GETKEYSINSLOT', slot, 100)) as unknown as readonly string[];
        if (some.length === 0) break;
        await client.call('MIGRATE', '127.0.0.1', target.port, '', 0, 5_000, 'KEYS', ...some);
        await wait(AWAY / 4);
      }
    });
    for (const { url } of [target, source, ...others])
      await withRedis(url, (client) => client.call('CLUSTER', 'SETSLOT', slot, 'NODE', `${to}`));
  };

/** In ms. A stalled machine must not count as a failure of a node. */
const NODE_TIMEOUT = 60_000;

/** In ms: within twice the node timeout, the other primaries vote only once for a replica of the same primary. */
const VOTES_AGAIN = 2 * NODE_TIMEOUT + 5_000;

/** Makes a replica the primary. The old primary first lets it catch up. Does nothing if no replica would get the votes. */
const changePlaces = ({ nodes, ready }: RedisCluster): Fault => {
  const replacedAt = new Map<number, number>();
  return async () => {
    const roles = await Promise.all(nodes.map(({ url }) => withRedis(url, (client) => client.role())));
    const at = roles.findIndex(
      ([role, , primary]) =>
        role === 'slave' && performance.now() - (replacedAt.get(Number(primary)) ?? -Infinity) > VOTES_AGAIN,
    );
    const replica = nodes[at];
    if (replica === undefined) return;
    await withRedis(replica.url, (client) => client.call('CLUSTER', 'FAILOVER'));
    await until('they have changed places', () =>
      withRedis(replica.url, async (client) => (await client.role())[0] === 'master'),
    );
    replacedAt.set(Number(roles[at]?.[2]), performance.now());
    await ready();
  };
};

/** Starts a cluster in which slots move and nodes change roles. */
export async function changingCluster(atEnd: AtEnd): Promise<Arena> {
  const cluster = await startRedisCluster({ nodeTimeout: NODE_TIMEOUT });
  atEnd(() => cluster.stop());
  const place = await newPlace('redis-cluster', cluster.url);
  return { place, faults: [moveSlot(cluster), moveSlot(cluster), changePlaces(cluster)] };
}
