import { Cluster, Redis } from 'ioredis';
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey';
import { createSessions, type SessionStore } from 'session-revocation';
import { type RedisClient, redisStore } from 'session-revocation/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { REMEMBERED } from '../../adapters/engines/redis/scripts/once.ts';
import { logged, logOf, policiesOf, recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import {
  add,
  anotherRecord,
  endedAt,
  look,
  newHash,
  openRecords,
  person,
  plainWrite,
  pruneAll,
  renewalOf,
  sessionOf,
  versionOf,
} from '../../src/testing/harness/records.ts';
import { includes, size } from '../ci-only.ts';
import { isOfStatements } from '../contract/shares.ts';
import { LoopbackProxy, LostAnswer } from '../faults/loopback-proxy.ts';
import { findService } from '../services/index.ts';
import { keysOf, newPrefix, removeKeys, url } from './support/redis-clients.ts';
import { redisContract } from './support/redis-contract.ts';
import { resending } from './support/redis-resending.ts';

const clusterUrl = await findService('redis-cluster');

/** Timeout of a test that waits for connections, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

const ann = person('ann');
const acme = person('ann', 'acme');
const { user } = ann.tags;
const account = acme.tags.account ?? '';

/** Sessions of ann. The first session is live, the second has expired at `NOW`. */
const first = sessionOf(ann, { createdAt: NOW - 1 });
const second = sessionOf(ann, { expiresAt: NOW });
const added = sessionOf(ann);
const renewal = renewalOf(first, {}, { moves: true, audit: [recordAbout(ann)] });
const ending = [{ id: first.id, ended: endedAt(NOW), audit: [recordAbout(ann)] }];
const initiator = { id: first.id, ifCredential: first.credential, credential: newHash(), serial: 1 };
const told = recordAbout(ann);
const advance = { record: anotherRecord('x'), now: NOW, keepUntil: null, audit: [recordAbout(ann)] };

type Verb = (store: SessionStore, version: number) => Promise<unknown> | unknown;

/** Every verb that writes, with its answer if both sessions exist. */
const VERBS: readonly (readonly [name: string, answer: unknown, verb: Verb])[] = [
  ['add', 'added', (store, ifVersion) => store.add(added, plainWrite({ ifVersion, audit: [told] }))],
  ['add, which ends another', 'added', (store, ifVersion) => store.add(added, plainWrite({ ifVersion, ending }))],
  ['touch', undefined, (store) => store.touch([{ id: first.id, user, at: NOW + DAY }], () => NOW)],
  ['renew', 'renewed', (store, ifVersion) => store.renew({ ...renewal, ifVersion })],
  ['end', true, (store) => store.end({ id: first.id, user }, endedAt(NOW), [told])],
  ['advance', 'advanced', (store, ifVersion) => store.advance(user, { ...advance, ifVersion })],
  ['advance, which keeps', 'advanced', (store, ifVersion) => store.advance(user, { ...advance, ifVersion, initiator })],
  ['remove', 2, (store) => store.deleteSessions(user, 10)],
  ['prune', { sessions: 1, epochs: 0, batches: 1 }, (store) => pruneAll(store, { sessionsBefore: NOW })],
  ['policies.set', 'set', (store) => policiesOf(store).set({ account, value: 'a', ifValue: null, audit: [told] })],
  ['audit.append', undefined, (store) => logOf(store).append([told])],
];

/** Adds the two sessions that a verb needs. Returns the version of their user's record. */
async function prepare(store: SessionStore): Promise<number> {
  await openRecords(store, acme);
  for (const one of [first, second]) await add(store, one);
  return versionOf(store, ann);
}

/** Returns all state that a verb may change. Versions start at random, so only their increase counts. */
async function stateOf(store: SessionStore, before: number): Promise<unknown> {
  const found = await Promise.all([first, second, added].map((one) => look(store, one)));
  return {
    sessions: found.map((one) => one?.session ?? null),
    record: found[0]?.epochs.user?.last,
    moved: (await versionOf(store, ann)) - before,
    log: await logged(store, ann),
    policy: await policiesOf(store).get(account),
  };
}

const isWhole = includes('Redis: the whole contract by a client that sends every command twice');
redisContract(
  'a client that sends every command twice',
  url,
  async (to) => {
    const client = new Redis(to, { lazyConnect: true });
    await client.connect();
    return { client: resending(client), close: () => client.disconnect() };
  },
  10,
  (id) => isWhole || isOfStatements(id) || /^(revocation|audit\/(add|renew|end|advance))/.test(id),
);

describe.skipIf(url === null)('a command that is sent again after others wrote', { timeout: TEST_TIMEOUT }, () => {
  const client = new Redis(url ?? '', { lazyConnect: true });
  const base = newPrefix();
  let prefix: string;
  let made = 0;
  beforeEach(() => {
    prefix = `${base}${made++}:`;
  });
  afterAll(async () => {
    client.disconnect();
    await removeKeys(url ?? '', base);
  });

  /** Returns all stored keys and values, except for the dates and member indexes that upkeep maintains. */
  const kept = async (): Promise<unknown> => {
    const keys = (await keysOf(client, prefix)).filter((key) => !/\{#\d+\}:|:users/.test(key)).sort();
    return Promise.all(keys.map(async (key) => [key, (await client.dumpBuffer(key)).toString('hex')]));
  };

  test.each(VERBS)('%s: gets the first answer, and changes nothing', async (_, answer, verb) => {
    const store = redisStore(client, { prefix });
    const version = await prepare(store);
    let resends = 0;
    const again = resending(client, async (commands) => {
      if (!commands.some(isOperation)) return;
      await store.deleteSessions(user, 10);
      await store.advance(user, { ...advance, audit: [], ifVersion: await versionOf(store, ann) });
      const before = await kept();
      return async () => {
        resends++;
        expect(await kept()).toEqual(before);
      };
    });
    expect(await verb(redisStore(again, { prefix, batch: false }), version)).toEqual(answer);
    expect(resends > 0, 'a script that is remembered').toBe(answer !== undefined);
  });

  test('is known for ten minutes, beside what it wrote', async () => {
    const store = redisStore(client, { prefix });
    await store.advance(user, { ...advance, ifVersion: await prepare(store) });
    const operations = (await keysOf(client, prefix)).filter(isOperation);
    expect(operations).toHaveLength(3);
    for (const key of operations) {
      expect(key).toContain(`${prefix}{${user}}!`);
      const lives = await client.pttl(key);
      expect(lives).toBeGreaterThan(REMEMBERED - TEST_TIMEOUT);
      expect(lives).toBeLessThanOrEqual(REMEMBERED);
    }
  });

  test('takes effect once for an app: a revocation, a resumption, and the new token of who is kept', async () => {
    let at = Date.now();
    const sessions = createSessions({
      store: redisStore(resending(client), { prefix, batch: false }),
      audit: true,
      timeout: 20_000,
      // Entries of the same ms have no order, so each reading is 1 ms later.
      clock: { now: () => ++at },
    });
    const fence = await sessions.fence({ user: 'ann' });
    const started = await sessions.start({ user: 'ann', fence });
    if (!started.ok) expect.fail(started.reason);
    const kept = await sessions.revoke({ user: 'ann' }, { keep: started.session });
    expect(kept.revoked).toBe(true);
    expect(await sessions.check(kept.token ?? '')).toMatchObject({ ok: true });
    await sessions.suspend({ user: 'ann' });
    expect(await sessions.resume({ user: 'ann' })).toMatchObject({ revoked: true });
    const { entries } = await sessions.audit({});
    expect(entries.map(({ type }) => type)).toEqual([...Array(3).fill('sessions.revoked'), 'session.started']);
  });
});

const isOperation = (argument: unknown): boolean => /\}![\w-]+$/.test(String(argument));

type Connect = (proxies: ReadonlyMap<string, LoopbackProxy>) => { client: RedisClient; disconnect(): void };

const quick = { retryStrategy: () => 1 };
const quickCluster = {
  ...{ clusterRetryStrategy: () => 1, retryDelayOnFailover: 1, slotsRefreshTimeout: TEST_TIMEOUT },
  // While the client reconnects to a node, it asks the other nodes, and they redirect it to that node.
  maxRedirections: 10_000,
};

const alone =
  (Client: typeof Redis | typeof Valkey): Connect =>
  (proxies) => {
    const [{ port } = { port: 0 }] = proxies.values();
    const client = new Client(port, '127.0.0.1', quick);
    client.on('error', () => {});
    return { client, disconnect: () => client.disconnect() };
  };

const clustered =
  (Client: typeof Cluster | typeof ValkeyCluster): Connect =>
  (proxies) => {
    const natMap = Object.fromEntries(
      [...proxies].map(([address, { port }]) => [address, { host: '127.0.0.1', port }]),
    );
    const nodes = [...proxies.values()].map(({ port }) => ({ host: '127.0.0.1', port }));
    const client = new Client(nodes, { ...quickCluster, natMap });
    client.on('error', () => {});
    return { client, disconnect: () => client.disconnect() };
  };

const CLIENTS = [
  ['ioredis', url, alone(Redis)],
  ['ioredis, a cluster', clusterUrl, clustered(Cluster)],
  ['iovalkey', url, alone(Valkey)],
  ['iovalkey, a cluster', clusterUrl, clustered(ValkeyCluster)],
] as const;

describe.each(CLIENTS.slice(0, size('Redis: clients that send again')))(
  '%s, whose connection ends in place of an answer',
  { timeout: TEST_TIMEOUT },
  (_name, servers, connect) => {
    const base = newPrefix();
    const proxies = new Map<string, LoopbackProxy>();
    let direct: Redis | Cluster;
    let made = 0;
    beforeAll(async () => {
      const urls = (servers ?? '').split(',');
      direct = urls.length === 1 ? new Redis(urls[0] ?? '') : new Cluster(urls);
      for (const { host, port } of urls.map((one) => new URL(one))) {
        proxies.set(host, await LoopbackProxy.open(Number(port)));
      }
    });
    afterAll(async () => {
      direct.disconnect();
      for (const proxy of proxies.values()) await proxy.close();
      await removeKeys(servers ?? '', base);
    });

    test.skipIf(servers === null).each(VERBS)('does %s once, wherever that is', async (_, answer, verb) => {
      const { client, disconnect } = connect(proxies);
      onTestFinished(disconnect);
      const lose = (lost: LostAnswer | null) => {
        for (const proxy of proxies.values()) proxy.lose(lost);
      };
      /** Runs the verb with one lost answer. `before` is the number of answers before it; `null` loses none. */
      const run = async (before: number | null) => {
        const prefix = `${base}${made++}:`;
        const store = redisStore(direct, { prefix });
        const version = await prepare(store);
        const asked = redisStore(client, { prefix });
        await asked.setup?.();
        const lost = new LostAnswer(before ?? Number.POSITIVE_INFINITY);
        lose(lost);
        const answered = await verb(asked, version);
        await asked.close?.();
        lose(null);
        return { isLost: lost.isLost, outcome: [answered, await stateOf(store, version)] };
      };
      const { outcome } = await run(null);
      expect(outcome[0]).toEqual(answer);
      let points = 0;
      for (let isLost = true; isLost; points++) {
        const done = await run(points);
        expect(done.outcome, `answer ${points} is lost`).toEqual(outcome);
        ({ isLost } = done);
      }
      expect(points, 'answers were lost').toBeGreaterThan(1);
    });
  },
);
