import { hasMariadb, startMariadb } from './mariadb.ts';
import type { ServiceName } from './names.ts';
import { hasNats, startNats } from './nats.ts';
import { hasPostgres, startPostgres } from './postgres.ts';
import { type Probe, probeMysql, probeNats, probePostgres, probeRedis } from './probes.ts';
import { hasRedis, startRedis } from './redis.ts';
import { startRedisCluster } from './redis-cluster.ts';

/** The result of a search for a service. */
export type Found =
  | { readonly url: string; readonly missing: null }
  /** One line: what is missing, and what to do. */
  | { readonly url: null; readonly missing: string };

/** How to find a service, or start it. */
interface Service {
  readonly title: string;
  readonly variable: string;
  /** The usual URL of a server on this machine. */
  readonly standard: string | null;
  readonly probe: Probe;
  readonly binary: string;
  hasBinary(): boolean;
  start(): Promise<{ readonly url: string }>;
}

const services: Readonly<Record<ServiceName, Service>> = {
  postgres: {
    title: 'Postgres',
    variable: 'POSTGRES_URL',
    standard: 'postgres://root@127.0.0.1:5432/test',
    probe: probePostgres,
    binary: 'postgres and initdb',
    hasBinary: hasPostgres,
    start: startPostgres,
  },
  mysql: {
    title: 'MariaDB or MySQL',
    variable: 'MYSQL_URL',
    standard: 'mysql://root@127.0.0.1:3306/test',
    probe: probeMysql,
    binary: 'mariadbd and mariadb-install-db, or mysqld',
    hasBinary: hasMariadb,
    start: startMariadb,
  },
  redis: {
    title: 'Redis',
    variable: 'REDIS_URL',
    standard: 'redis://127.0.0.1:6379',
    probe: probeRedis,
    binary: 'redis-server',
    hasBinary: hasRedis,
    start: startRedis,
  },
  'redis-cluster': {
    title: 'Redis Cluster',
    variable: 'REDIS_CLUSTER_URL',
    standard: null,
    // One node that answers is enough.
    probe: (urls) => Promise.any(urls.split(',').map(probeRedis)),
    binary: 'redis-server',
    hasBinary: hasRedis,
    start: startRedisCluster,
  },
  nats: {
    title: 'NATS',
    variable: 'NATS_URL',
    standard: 'nats://127.0.0.1:4222',
    probe: probeNats,
    binary: 'nats-server',
    hasBinary: hasNats,
    start: startNats,
  },
};

/**
 * Looks for a service, and starts one if there is none. If the service's variable is set and no server answers at that
 * URL, the promise rejects: a different server would be a surprise.
 */
export async function discover(name: ServiceName): Promise<Found> {
  const { title, variable, standard, probe, binary, hasBinary, start } = services[name];
  const given = process.env[variable];
  if (given !== undefined && given !== '') {
    try {
      await probe(given);
    } catch (cause) {
      throw new Error(`${variable} is set, and no ${title} answers there`, { cause });
    }
    return { url: given, missing: null };
  }
  if (standard !== null && (await answers(standard, probe))) return { url: standard, missing: null };
  if (hasBinary()) return { url: (await start()).url, missing: null };
  return { url: null, missing: `no ${title}: its tests did not run. Set ${variable} or put ${binary} on PATH` };
}

const answers = (url: string, probe: Probe): Promise<boolean> =>
  probe(url).then(
    () => true,
    () => false,
  );
