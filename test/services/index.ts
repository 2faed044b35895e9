/**
 * The servers that tests talk to. Each is found where its variable says (`POSTGRES_URL`, `MYSQL_URL`, `REDIS_URL`,
 * `REDIS_CLUSTER_URL`, `NATS_URL`), else on its standard port, else started privately from a binary on PATH. A cluster is always
 * private, unless its variable says where one is.
 */
import { askBroker, brokerUrl } from './broker.ts';
import { discover, type Found } from './discovery.ts';
import { type ServiceName, serviceNames } from './names.ts';
import { stopAll } from './private-server.ts';

export { startMariadb } from './mariadb.ts';
export { type ServiceName, serviceNames } from './names.ts';
export { startPostgres } from './postgres.ts';
export type { PrivateServer } from './private-server.ts';
export { startRedis } from './redis.ts';
export { startRedisCluster } from './redis-cluster.ts';
export { startRedisSentinels } from './redis-sentinel.ts';

const found = new Map<ServiceName, Promise<Found>>();

/**
 * The URL of a service, or `null` where there is none. Of a cluster, the URLs of some nodes, with commas between. A
 * private server is started at the first question and once for a whole run of tests; with `REQUIRE_SERVICES=1` a
 * missing service throws.
 */
export async function findService(name: ServiceName): Promise<string | null> {
  const broker = brokerUrl();
  const asked = found.get(name) ?? (broker === null ? discover(name) : askBroker(broker, name));
  found.set(name, asked);
  const { url, missing } = await asked;
  if (url !== null) return url;
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(missing);
  // In a run of tests, the broker says it once for all files.
  if (broker === null) process.stderr.write(`SKIPPED: ${missing}\n`);
  return null;
}

/** Finds several at once. A script of its own ends with {@link stopServices} what was started for it. */
export async function startServices(
  names: readonly ServiceName[] = serviceNames,
): Promise<ReadonlyMap<ServiceName, string | null>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await findService(name)] as const)));
}

/** Ends every private server of this process and removes what it wrote. */
export async function stopServices(): Promise<void> {
  found.clear();
  await stopAll();
}
