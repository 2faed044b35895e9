import type { PrivateServer } from './private-server.ts';
import { withRedis } from './probes.ts';
import { startRedis } from './redis.ts';
import { until } from './until.ts';

/** Options of {@link startRedisCluster}. */
export interface RedisClusterOptions {
  /**
   * A node counts as failed after this many ms of silence. Default 60,000: a stalled machine must not count as a
   * failure.
   */
  readonly nodeTimeout?: number;
  /** More arguments of each node. */
  readonly args?: readonly string[];
}

/** Three masters, each with a replica. */
export interface RedisCluster {
  /** The URLs of all nodes, separated by commas. */
  readonly url: string;
  readonly nodes: readonly PrivateServer[];
  /** Returns the node that now serves a slot. */
  masterOf(slot: number): Promise<PrivateServer>;
  /** Waits until every running node reports that all slots are served. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

const MASTERS = 3;
const SLOTS = 16_384;

/** Starts a cluster of six private processes. */
export async function startRedisCluster({
  nodeTimeout = 60_000,
  args = [],
}: RedisClusterOptions = {}): Promise<RedisCluster> {
  const started = await Promise.allSettled(
    Array.from({ length: 2 * MASTERS }, () =>
      startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', `${nodeTimeout}`, ...args] }),
    ),
  );
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    await form(nodes);
    await isReady(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: nodes.map(({ url }) => url).join(','),
    nodes,
    masterOf: (slot) => masterOf(nodes, slot),
    ready: () => isReady(nodes),
    stop,
  };
}

async function form(nodes: readonly PrivateServer[]): Promise<void> {
  const masters = nodes.slice(0, MASTERS);
  const ids = await Promise.all(nodes.map(({ url }) => ask(url, 'MYID')));
  await Promise.all(
    nodes.map(async ({ url }, at) => {
      // The epochs differ from the start. Nodes with equal epochs would need time to resolve the conflict.
      await ask(url, 'SET-CONFIG-EPOCH', `${at + 1}`);
      if (at >= MASTERS) return;
      const from = Math.floor((SLOTS * at) / MASTERS);
      const to = Math.floor((SLOTS * (at + 1)) / MASTERS) - 1;
      await ask(url, 'ADDSLOTS', ...Array.from({ length: to - from + 1 }, (_, slot) => `${from + slot}`));
    }),
  );
  // Every node meets every other node, because gossip takes longer.
  await Promise.all(nodes.flatMap(({ url }) => nodes.map(({ port }) => ask(url, 'MEET', '127.0.0.1', `${port}`))));
  await until('the nodes know one another', async () => {
    const known = await Promise.all(nodes.map(({ url }) => ask(url, 'NODES')));
    return known.every((lines) => ids.every((id) => lines.includes(id)) && !lines.includes('handshake'));
  });
  await Promise.all(nodes.slice(MASTERS).map(({ url }, at) => ask(url, 'REPLICATE', ids[at % masters.length] ?? '')));
}

/** Waits until every running node sees all slots served, and every replica is connected to its primary. */
async function isReady(nodes: readonly PrivateServer[]): Promise<void> {
  await until('the cluster is ready', async () => {
    const states = await Promise.all(
      nodes.filter(isRunning).map(({ url }) =>
        withRedis(url, async (client) => {
          const [state, replication] = await Promise.all([client.cluster('INFO'), client.info('replication')]);
          const isUpToDate = replication.includes('role:master') || replication.includes('master_link_status:up');
          return state.includes('cluster_state:ok') && isUpToDate;
        }).catch(() => false),
      ),
    );
    return states.every(Boolean);
  });
}

async function masterOf(nodes: readonly PrivateServer[], slot: number): Promise<PrivateServer> {
  const any = nodes.find(isRunning);
  if (any === undefined) throw new Error('no node of the cluster runs');
  const ranges = await withRedis(any.url, (client) => client.cluster('SLOTS'));
  const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2]?.[1];
  const node = nodes.find((one) => one.port === port);
  if (node === undefined) throw new Error(`no node serves slot ${slot}`);
  return node;
}

function isRunning(node: PrivateServer): boolean {
  try {
    return node.pid > 0;
  } catch {
    return false;
  }
}

const ask = (url: string, command: string, ...args: readonly string[]): Promise<string> =>
  withRedis(url, async (client) => String(await client.call('CLUSTER', command, ...args)));
