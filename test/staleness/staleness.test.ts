import { setTimeout as wait } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, onTestFinished, test } from 'vitest';
import { includes, size } from '../ci-only.ts';
import { LoopbackProxy } from '../faults/loopback-proxy.ts';
import { bundle } from '../services/bundle.ts';
import { findService, type PrivateServer, startMariadb, startPostgres, startRedis } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { SEED, withSeed } from '../services/seed.ts';
import {
  clearPlace,
  type EngineName,
  findPlace,
  newPlace,
  type Place,
  queryPostgres,
  through,
} from '../services/stores.ts';
import { Member } from './member.ts';
import { type Fault, type Outcome, Trial } from './trial.ts';

const PROCESSES = 4;
const SECONDS = size('staleness: seconds of a trial');
const MAX_STALENESS = 400;
const TEST_TIMEOUT = 600_000;
/** How long a server is away, in ms. */
const AWAY = 600;

const script = await bundle('test/staleness/member-process.ts');

function members(): readonly Member[] {
  const all = Array.from({ length: PROCESSES }, () => new Member(script));
  onTestFinished(() => {
    for (const member of all) member.kill();
  });
  return all;
}

const tryPlace = (place: Place, faults: readonly Fault[], broken = false): Promise<Outcome> =>
  new Trial({
    ...{ place, members: members(), maxStaleness: MAX_STALENESS, seconds: SECONDS, seed: SEED, faults, broken },
  }).run();

/** Ends one connection, as an administrator does. */
const killOne: Readonly<Record<'postgres' | 'mysql' | 'redis', (url: string) => Promise<void>>> = {
  postgres: (url) =>
    queryPostgres(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = current_database() AND query LIKE '%sr_test%'
       ORDER BY random() LIMIT 1`,
    ),
  async mysql(url) {
    const connection = await createConnection(url);
    connection.on('error', () => {});
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = DATABASE() ORDER BY rand() LIMIT 1',
      );
      // It may have ended by itself.
      for (const { id } of rows) await connection.query(`KILL ${Number(id)}`).catch(() => {});
    } finally {
      await connection.end();
    }
  },
  redis: (url) =>
    withRedis(url, async (client) => {
      const clients = String(await client.client('LIST')).split('\n');
      const ids = clients
        .filter((line) => /cmd=(eval|evalsha|mget|get|hmget)/.test(line))
        .map((line) => /id=(\d+)/.exec(line)?.[1]);
      if (ids[0] !== undefined) await client.call('CLIENT', 'KILL', 'ID', ids[0]);
    }),
};

/** The network between the processes and the server. */
async function network(place: Place): Promise<{ readonly proxy: LoopbackProxy; readonly beyond: Place }> {
  const proxy = await LoopbackProxy.open(Number(new URL(place.url).port));
  onTestFinished(() => proxy.close());
  return { proxy, beyond: through(place, proxy.port) };
}

const cutting = (proxy: LoopbackProxy): readonly Fault[] => [
  async () => proxy.cut(),
  async () => {
    proxy.refuse();
    await wait(AWAY);
    proxy.heal();
  },
  async () => {
    proxy.swallow();
    await wait(AWAY);
    proxy.heal();
  },
];

function expectEnough({ checks, fromMemory, ends }: Outcome): void {
  expect(ends).toBeGreaterThan(3 * SECONDS);
  expect(fromMemory).toBeGreaterThan(checks / 20);
}

describe(withSeed('processes with clocks an hour apart accept nothing later than stated,'), () => {
  test.runIf(includes('staleness: every store'))('over a file of SQLite', { timeout: TEST_TIMEOUT }, async () => {
    const place = (await findPlace('sqlite')) as Place;
    onTestFinished(() => clearPlace(place));
    const outcome = await tryPlace(place, []);
    expect(outcome.violations).toEqual([]);
    expect(outcome.ends).toBeGreaterThan(3 * SECONDS);
  });

  const engines = ['redis', 'postgres', 'mysql'] as const;
  for (const engine of includes('staleness: every store') ? engines : engines.slice(0, 1)) {
    test(`over ${engine}, whose connections are cut and killed`, { timeout: TEST_TIMEOUT }, async (context) => {
      const url = await findService(engine);
      if (url === null) return context.skip();
      const place = await newPlace(engine, url);
      onTestFinished(() => clearPlace(place));
      const { proxy, beyond } = await network(place);
      const outcome = await tryPlace(beyond, [...cutting(proxy), () => killOne[engine](place.url)]);
      expect(outcome.violations).toEqual([]);
      expectEnough(outcome);
    });
  }
});

/** Servers that keep what they acknowledged. */
const servers: readonly (readonly [EngineName, () => Promise<PrivateServer>])[] = [
  ['postgres', () => startPostgres()],
  ['mysql', () => startMariadb()],
  ['redis', () => startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })],
];

describe.runIf(includes('staleness: servers that are killed'))(
  withSeed('a server that is killed and comes back'),
  () => {
    test.each(servers)('%s', { timeout: TEST_TIMEOUT }, async (engine, start) => {
      const server = await start();
      onTestFinished(() => server.stop());
      const { violations, failures, ends } = await tryPlace(await newPlace(engine, server.url), [
        async () => {
          await server.kill('SIGKILL');
          await wait(AWAY);
          await server.restart();
        },
        () => wait(2_000),
      ]);
      expect(violations).toEqual([]);
      expect(ends).toBeGreaterThan(0);
      // Acceptances from memory end by themselves: then the store is missed.
      expect(failures).toHaveProperty('SESSION_STORE_UNAVAILABLE');
    });
  },
);

test('the checker finds processes that never read a session again', { timeout: TEST_TIMEOUT }, async (context) => {
  const place = await findPlace('redis');
  if (place === null) return context.skip();
  onTestFinished(() => clearPlace(place));
  const { violations } = await tryPlace(place, [], true);
  expect(violations).not.toEqual([]);
});
