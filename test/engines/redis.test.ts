import { includes, size } from '../ci-only.ts';
import { isOfOrdinaryRun, isOfServer } from '../contract/shares.ts';
import { clients, url } from './support/redis-clients.ts';
import { redisContract } from './support/redis-contract.ts';

const { ioredis, ...others } = clients;

const isPlayed = (id: string): boolean =>
  includes('Redis: the whole contract') ? isOfServer(id) : isOfOrdinaryRun(id) || id.startsWith('users/');
redisContract('ioredis', url, ioredis!, size('contract: orders of a race, Redis by ioredis'), isPlayed);
for (const [name, connect] of Object.entries(includes('Redis: the contract by every client') ? others : {})) {
  redisContract(name, url, connect, 10);
}
