import { findBinary } from './binaries.ts';
import { PrivateServer } from './private-server.ts';
import { probeRedis } from './probes.ts';

/** Options of {@link startRedis}. */
export interface RedisOptions {
  /** The primary that it replicates, or a proxy of it. */
  readonly replicaOf?: { readonly port: number };
  /** More arguments, such as `'--appendonly', 'yes', '--appendfsync', 'always'`. By default nothing is written to disk. */
  readonly args?: readonly string[];
}

/** Whether a private one can be started here. */
export const hasRedis = (): boolean => findBinary('redis-server') !== null;

/** A Redis that evicts nothing. */
export function startRedis({ replicaOf, args = [] }: RedisOptions = {}): Promise<PrivateServer> {
  const program = findBinary('redis-server');
  if (program === null) throw new Error('redis-server is not on PATH');
  const replication = replicaOf === undefined ? [] : ['--replicaof', '127.0.0.1', `${replicaOf.port}`];
  return PrivateServer.start({
    name: 'redis',
    program,
    probe: probeRedis,
    url: ({ port }) => `redis://127.0.0.1:${port}`,
    args: ({ folder, port }) => [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
      // A replica is there at once, rather than after the 5 s in which others might join it.
      ...['--repl-diskless-sync-delay', '0', '--maxmemory-policy', 'noeviction'],
      ...replication,
      ...args,
    ],
  });
}
