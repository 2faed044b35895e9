import { clients, url } from './support/redis-clients.ts';
import { redisContract } from './support/redis-contract.ts';

const { ioredis, ...others } = clients;
const everywhere = process.env.CI !== undefined;

redisContract('ioredis', url, ioredis!, everywhere ? 1000 : 30);
for (const [name, connect] of Object.entries(everywhere ? others : {})) redisContract(name, url, connect, 60);
