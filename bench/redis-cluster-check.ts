/**
 * What a strict check costs in Redis Cluster (3 masters), against a bare `GET` of the same client: there, a look-up is as
 * many commands at a time as it has users and accounts. No goal: it is measured and stated.
 */
import { randomBytes } from 'node:crypto';
import { Cluster } from 'ioredis';
import { redisStore } from 'session-revocation/redis';
import { findService, stopServices } from '../test/services/index.ts';
import { compareChecks, USERS } from './support/checks.ts';

const urls = await findService('redis-cluster');
if (urls === null) process.exit(0);
const cluster = new Cluster(urls.split(','));
const prefix = `bench-${randomBytes(4).toString('hex')}:`;
try {
  await Promise.all(Array.from({ length: USERS }, (_, nth) => cluster.set(`${prefix}bare:${nth}`, 'x'.repeat(180))));
  await compareChecks(
    {
      batched: redisStore(cluster, { prefix }),
      unbatched: redisStore(cluster, { prefix, batch: false }),
      bare: (nth) => cluster.get(`${prefix}bare:${nth % USERS}`),
    },
    {},
  );
} finally {
  for (const node of cluster.nodes('master')) {
    for await (const keys of node.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      await Promise.all((keys as string[]).map((key) => node.unlink(key)));
    }
  }
  cluster.disconnect();
  await stopServices();
}
