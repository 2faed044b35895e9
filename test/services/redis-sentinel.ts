import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from './binaries.ts';
import { PrivateServer } from './private-server.ts';
import { probeRedis, withRedis } from './probes.ts';
import { until } from './until.ts';

/** Three Sentinels that watch one primary under the name `main`. Two of them decide. */
export interface RedisSentinels {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** Returns the port of the primary that the Sentinels name now. */
  primaryPort(): Promise<number>;
  stop(): Promise<void>;
}

const SENTINELS = 3;
export const SENTINEL_NAME = 'main';

/**
 * Starts the Sentinels, and waits until they know each other and one replica.
 * @param primaryPort The port at which they reach the primary.
 * @param downAfter How long the primary is silent before a failover begins, in ms.
 */
export async function startRedisSentinels(primaryPort: number, downAfter: number): Promise<RedisSentinels> {
  const program = findBinary('redis-server');
  if (program === null) throw new Error('redis-server is not on PATH');
  const started = await Promise.allSettled(
    Array.from({ length: SENTINELS }, () =>
      PrivateServer.start({
        name: 'sentinel',
        program,
        probe: probeRedis,
        url: ({ port }) => `redis://127.0.0.1:${port}`,
        args: ({ folder }) => [configurationIn(folder), '--sentinel'],
        // A Sentinel writes what it learns into its own configuration file.
        async prepare({ folder, port, account }) {
          const file = configurationIn(folder);
          const lines = [
            ...[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`],
            `sentinel monitor ${SENTINEL_NAME} 127.0.0.1 ${primaryPort} 2`,
            `sentinel down-after-milliseconds ${SENTINEL_NAME} ${downAfter}`,
            `sentinel failover-timeout ${SENTINEL_NAME} 20000`,
          ];
          writeFileSync(file, `${lines.join('\n')}\n`);
          if (account !== null) chownSync(file, account.uid, account.gid);
        },
      }),
    ),
  );
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    await until('the Sentinels know each other and a replica', async () => {
      const known = await Promise.all(servers.map(({ url }) => stateOf(url)));
      return known.every((state) => Number(state['num-slaves']) >= 1 && Number(state['num-other-sentinels']) === 2);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    async primaryPort() {
      const [first] = servers;
      return Number((await stateOf(first?.url ?? '')).port);
    },
    stop,
  };
}

const configurationIn = (folder: string): string => join(folder, 'sentinel.conf');

/** Returns a Sentinel's fields about the primary. */
async function stateOf(url: string): Promise<Readonly<Record<string, string>>> {
  const fields = (await withRedis(url, (client) => client.call('SENTINEL', 'MASTER', SENTINEL_NAME))) as string[];
  return Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? '']] : [])));
}
