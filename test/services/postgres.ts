import { join } from 'node:path';
import { Client } from 'pg';
import { findBinary, run } from './binaries.ts';
import { PrivateServer } from './private-server.ts';
import { probePostgres } from './probes.ts';

/** Options of {@link startPostgres}. */
export interface PostgresOptions {
  /** More settings, such as `{ max_connections: '5' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The port of a primary. The new server is its asynchronous standby, until `pg_promote()`. */
  readonly standbyOf?: number;
}

/** Returns whether a private server can be started here. */
export const hasPostgres = (): boolean => findBinary('postgres') !== null && findBinary('initdb') !== null;

/** Starts a Postgres with its default settings, a superuser without a password, and an empty database `test`. */
export function startPostgres({ settings = {}, standbyOf }: PostgresOptions = {}): Promise<PrivateServer> {
  const program = findBinary('postgres');
  const maker = findBinary(standbyOf === undefined ? 'initdb' : 'pg_basebackup');
  if (program === null || maker === null) throw new Error('postgres, initdb and pg_basebackup are not on PATH');
  const making =
    standbyOf === undefined
      ? ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
      : ['-d', `host=127.0.0.1 port=${standbyOf} user=postgres`, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
  const urlOf = (port: number, database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return PrivateServer.start({
    name: 'postgres',
    program,
    // At SIGTERM, Postgres would wait until every client has left.
    signal: 'SIGINT',
    probe: async (url) => probePostgres(url.replace(/[^/]+$/, 'postgres')),
    url: ({ port }) => urlOf(port, 'test'),
    args: ({ folder, port }) => ['-D', join(folder, 'data'), '-p', `${port}`, ...flags],
    prepare: ({ folder, account }) => run(maker, ['-D', join(folder, 'data'), ...making], folder, account),
    async populate({ port }) {
      if (standbyOf !== undefined) return;
      const client = new Client({ connectionString: urlOf(port, 'postgres') });
      await client.connect();
      await client.query('CREATE DATABASE test');
      await client.end();
    },
  });
}
