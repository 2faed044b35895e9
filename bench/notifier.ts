// How long after an acknowledged revocation another process refuses the session, with a notifier on the same server. `maxStaleness` is 5 s:
// without a notifier, the refusal would come within that.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createSessions } from 'session-revocation';
import { postgresNotifier, redisNotifier } from 'session-revocation/notifiers';
import { postgresStore } from 'session-revocation/postgres';
import { redisStore } from 'session-revocation/redis';
import { startServices, stopServices } from '../test/services/index.ts';

const ROUNDS = 101;

type Engine = 'redis' | 'postgres';

/** One process of an app. */
function open(engine: Engine, url: string) {
  const space = `bench_notifier_${process.env.BENCH_SPACE}`;
  if (engine === 'redis') {
    const [client, subscriber] = [new Redis(url), new Redis(url)];
    const notifier = redisNotifier({ client, subscriber, channel: space });
    const store = redisStore(client, { prefix: `${space}:`, allowLossOnRestart: true });
    const sessions = createSessions({ store, freshness: { maxStaleness: '5s', notifier } });
    const end = async () => {
      if (process.send === undefined) {
        for await (const keys of client.scanStream({ match: `${space}:*` })) {
          if (keys.length > 0) await client.unlink(keys as string[]);
        }
      }
      client.disconnect();
      subscriber.disconnect();
    };
    return { sessions, end };
  }
  const pool = new pg.Pool({ connectionString: url });
  const notifier = postgresNotifier(pool, { channel: space });
  const store = postgresStore(pool, { schema: space });
  const sessions = createSessions({ store, freshness: { maxStaleness: '5s', notifier } });
  const end = async () => {
    if (process.send === undefined) await pool.query(`DROP SCHEMA "${space}" CASCADE`);
    await pool.end();
  };
  return { sessions, end };
}

/** Tells when a token was first accepted, and when it was first refused, by the clock that all processes of the machine share. */
async function watch(engine: Engine, url: string): Promise<void> {
  const { sessions, end } = open(engine, url);
  await sessions.setup();
  while ((await sessions.health()).freshness?.notifier?.listens !== true)
    await new Promise((resolve) => setTimeout(resolve, 5));
  process.on('message', async (token: string | null) => {
    if (token === null) {
      await sessions.close();
      await end();
      process.disconnect();
      return;
    }
    // The first one reads, the second one is from memory.
    await sessions.check(token);
    await sessions.check(token);
    process.send?.('accepted');
    while ((await sessions.check(token)).ok) await new Promise((resolve) => setImmediate(resolve));
    process.send?.(`${process.hrtime.bigint()}`);
  });
  process.send?.('ready');
}

async function measure(engine: Engine, url: string): Promise<void> {
  const { sessions, end } = open(engine, url);
  await sessions.setup();
  const other = fork(import.meta.filename, [engine, url], { env: process.env });
  await once(other, 'message');
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const user = `user ${round}`;
    const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
    if (!started.ok) throw new Error(started.reason);
    other.send(started.token);
    await once(other, 'message');
    const refused = once(other, 'message');
    await sessions.revoke({ user });
    const acknowledged = process.hrtime.bigint();
    took.push(Number(BigInt(`${(await refused)[0]}`) - acknowledged) / 1e6);
  }
  other.send(null as never);
  await once(other, 'exit');
  await sessions.close();
  await end();
  took.sort((one, other) => one - other);
  const at = (share: number): string => `${took[Math.floor(share * (took.length - 1))]?.toFixed(2)} ms`;
  console.log(`${engine}: median ${at(0.5)}, 90 % ${at(0.9)}, longest ${at(1)} after the acknowledgement`);
}

const [engine, url] = process.argv.slice(2) as [Engine?, string?];
if (engine !== undefined && url !== undefined) await watch(engine, url);
else {
  process.env.BENCH_SPACE = `${process.pid}`;
  const found = await startServices(['redis', 'postgres']);
  for (const one of ['redis', 'postgres'] as const) {
    const at = found.get(one);
    if (at) await measure(one, at);
  }
  await stopServices();
}
