/**
 * The servers that tests talk to. A server is found at the URL in its variable (`POSTGRES_URL`, `MYSQL_URL`,
 * `REDIS_URL`, `REDIS_CLUSTER_URL`, `NATS_URL`), or else on its standard port. Otherwise a private server is started
 * from a binary on PATH. A cluster has no standard port.
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
 * Returns the URL of a service, or `null` if there is none. A cluster has the URLs of some nodes, separated by commas.
 * A private server is started at the first request, once per run of tests. With `REQUIRE_SERVICES=1`, a missing service
 * throws.
 */
export async function findService(name: ServiceName): Promise<string | null> {
  const broker = brokerUrl();
  const asked = found.get(name) ?? (broker === null ? discover(name) : askBroker(broker, name));
  found.set(name, asked);
  const { url, missing } = await asked;
  if (url !== null) return url;
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(missing);
  // In a run of tests, the broker reports it once for all files.
  if (broker === null) process.stderr.write(`SKIPPED: ${missing}\n`);
  return null;
}

/** Finds several services. A script outside a run must stop its servers with {@link stopServices}. */
export async function startServices(
  names: readonly ServiceName[] = serviceNames,
): Promise<ReadonlyMap<ServiceName, string | null>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await findService(name)] as const)));
}

/** Ends every private server of this process and removes its files. */
export async function stopServices(): Promise<void> {
  found.clear();
  await stopAll();
}
