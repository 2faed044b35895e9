import { findService } from '../services/index.ts';
import { clusterClients } from './support/redis-clients.ts';
import { redisContract } from './support/redis-contract.ts';

const url = await findService('redis-cluster');
const { ioredis, ...others } = clusterClients;
const everywhere = process.env.CI !== undefined;

redisContract('ioredis, a cluster', url, ioredis!, everywhere ? 300 : 5);
for (const [name, connect] of Object.entries(everywhere ? others : {})) {
  redisContract(`${name}, a cluster`, url, connect, 20);
}
