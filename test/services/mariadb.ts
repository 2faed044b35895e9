import { basename, join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findBinary, run } from './binaries.ts';
import { PrivateServer } from './private-server.ts';
import { probeMysql } from './probes.ts';

/** Options of {@link startMariadb}. */
export interface MariadbOptions {
  /** More arguments, such as `'--max-connections=5'`. */
  readonly args?: readonly string[];
}

const programs = (): readonly [server: string | null, install: string | null] => [
  findBinary('mariadbd', 'mysqld'),
  findBinary('mariadb-install-db', 'mysql_install_db'),
];

/** Returns whether a private server can be started here. */
export function hasMariadb(): boolean {
  const [server, install] = programs();
  return server !== null && (install !== null || basename(server) === 'mysqld');
}

/** Starts a MariaDB (or a MySQL) with its default settings, `root` without a password, and an empty database `test`. */
export function startMariadb({ args = [] }: MariadbOptions = {}): Promise<PrivateServer> {
  const [program, install] = programs();
  if (program === null) throw new Error('neither mariadbd nor mysqld is on PATH');
  const urlOf = (port: number, database: string): string => `mysql://root@127.0.0.1:${port}/${database}`;
  const data = (folder: string): string => `--datadir=${join(folder, 'data')}`;
  return PrivateServer.start({
    name: 'mariadb',
    program,
    probe: async (url) => probeMysql(url.replace(/[^/]+$/, 'mysql')),
    url: ({ port }) => urlOf(port, 'test'),
    args: ({ folder, port }) => [
      '--no-defaults',
      data(folder),
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--innodb-buffer-pool-size=64M',
      ...args,
    ],
    prepare: ({ folder, account }) =>
      install === null
        ? run(program, ['--no-defaults', '--initialize-insecure', data(folder)], folder, account)
        : run(
            install,
            ['--no-defaults', data(folder), '--auth-root-authentication-method=normal', '--skip-test-db'],
            folder,
            account,
          ),
    async populate({ port }) {
      const connection = await createConnection(urlOf(port, 'mysql'));
      await connection.query('CREATE DATABASE test');
      await connection.end();
    },
  });
}
