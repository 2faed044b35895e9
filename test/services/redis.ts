import { findBinary } from './binaries.ts';
import { PrivateServer } from './private-server.ts';
import { probeRedis } from './probes.ts';

/** Options of {@link startRedis}. */
export interface RedisOptions {
  /** The server that it replicates: a primary, or a proxy to a primary. */
  readonly replicaOf?: { readonly port: number };
  /** More arguments, such as `'--appendonly', 'yes', '--appendfsync', 'always'`. By default nothing is written to disk. */
  readonly args?: readonly string[];
}

/** Returns whether a private server can be started here. */
export const hasRedis = (): boolean => findBinary('redis-server') !== null;

/** Starts a Redis that evicts nothing. */
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
      // Connects a replica at once. By default, the primary waits 5 s for more replicas.
      ...['--repl-diskless-sync-delay', '0', '--maxmemory-policy', 'noeviction'],
      ...replication,
      ...args,
    ],
  });
}
