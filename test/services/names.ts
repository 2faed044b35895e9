/** The services that tests can request. */
export type ServiceName = 'postgres' | 'mysql' | 'redis' | 'redis-cluster' | 'nats';

export const serviceNames: readonly ServiceName[] = ['postgres', 'mysql', 'redis', 'redis-cluster', 'nats'];

export const isServiceName = (name: string): name is ServiceName => (serviceNames as readonly string[]).includes(name);
