import { inspect } from 'node:util';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, RESP_TYPES } from 'redis';
import { isSessionError, type SessionErrorCode, type SessionStore } from 'session-revocation';
import { type IoRedisClient, type NodeRedisClient, redisStore } from 'session-revocation/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { logged, logOf, policiesOf, readAll, recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import {
  addNew,
  anotherRecord,
  endedAt,
  look,
  newHash,
  person,
  plainWrite,
  pruneAll,
  recordOf,
  renewalOf,
  sessionOf,
  stored,
  versionOf,
} from '../../src/testing/harness/records.ts';
import { findBinary } from '../services/binaries.ts';
import { findService, type PrivateServer, startRedis } from '../services/index.ts';
import { until } from '../services/until.ts';
import { newPrefix, removeKeys, url } from './support/redis-clients.ts';
import { resending } from './support/redis-resending.ts';

const ann = person('ann', 'acme');
const { user } = ann.tags;
const account = ann.tags.account ?? '';
const clusterUrl = await findService('redis-cluster');

/**
 * Timeout of a test that starts servers or waits for a replica, in ms. It is generous, because a busy machine may
 * stall.
 */
const TEST_TIMEOUT = 300_000;

async function failure(failing: Promise<unknown> | unknown): Promise<unknown> {
  return Promise.resolve(failing).then(
    (value) => expect.fail(`it did not fail: ${inspect(value)}`),
    (reason: unknown) => reason,
  );
}

async function codeOf(failing: Promise<unknown> | unknown): Promise<SessionErrorCode> {
  const error = await failure(failing);
  if (!isSessionError(error)) throw error;
  return error.code;
}

/** A client of ioredis. It disconnects after the test. */
function connect(to: string, options: object = {}): Redis {
  const client = new Redis(to, { maxRetriesPerRequest: 1, ...options });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

/** A client that shows each command before it sends it. Commands in a pipeline are not shown. */
function watched(client: Redis, see: (command: readonly string[]) => void): IoRedisClient {
  const call = async (name: string, ...args: string[]) => {
    see([name, ...args]);
    return client.call(name, ...args);
  };
  return { call, pipeline: (commands) => client.pipeline(commands) };
}

/** Options of a client that returns buffers for strings and strings for numbers. */
const odd = { commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String } } };

describe.skipIf(url === null)('a client of one server', { timeout: TEST_TIMEOUT }, () => {
  const base = newPrefix();
  let prefix: string;
  let made = 0;
  beforeEach(() => {
    prefix = `${base}${made++}:`;
  });
  afterAll(() => removeKeys(url ?? '', base));

  test('that cannot write dates: what was written is no failure for that', async () => {
    let dates = 0;
    const isDate = (argument: string): boolean => /\{#\d+\}:(?:sessions|records)$/.test(argument);
    const client = watched(connect(url ?? ''), (command) => {
      if (!command.some(isDate)) return;
      dates++;
      throw new Error('that shard is gone');
    });
    const store = redisStore(client, { prefix });
    const session = await addNew(store, ann, {}, NOW + DAY);
    const renewal = renewalOf(session);
    expect(await store.renew(renewal)).toBe('renewed');
    expect(await store.end({ id: session.id, user }, endedAt(NOW), [])).toBe(true);
    expect(dates, 'they were to be written').toBeGreaterThanOrEqual(4);
    expect((await stored(store, session))?.credential).toBe(renewal.session.credential);
  });

  test('that has numbers come as texts', async () => {
    const client = connect(url ?? '', { stringNumbers: true });
    const store = redisStore(client, { prefix });
    const session = await addNew(store, ann, {}, NOW + DAY);
    expect(await client.keys(`${prefix}{#*}:records`), 'new records are noted').not.toEqual([]);
    expect(await store.add({ ...session, credential: 'other' }, plainWrite())).toBe('conflict');
    expect(await store.end({ id: session.id, user }, endedAt(NOW), [recordAbout(ann)])).toBe(true);
    expect(await store.end({ id: session.id, user }, endedAt(NOW), [])).toBe(false);
    const policies = policiesOf(store);
    expect(await policies.set({ account, value: 'a', ifValue: null, audit: [] })).toBe('set');
    expect(await policies.set({ account, value: 'b', ifValue: null, audit: [] })).toBe('conflict');
    await Promise.all([1, 2].map(() => addNew(store, ann)));
    expect(await store.deleteSessions(user, 2)).toBe(2);
    await addNew(store, ann, { expiresAt: NOW });
    const pruned = await pruneAll(store, { sessionsBefore: NOW + 90 * DAY, epochsBefore: NOW + 90 * DAY });
    expect([typeof pruned.sessions, typeof pruned.epochs]).toEqual(['number', 'number']);
    expect(pruned.sessions).toBe(2);
    expect(await logOf(store).forget(user, 10)).toBe(1);
    expect(await logOf(store).prune(NOW + 1e3 * DAY, 10)).toBe(1);
    expect(await logged(store, ann)).toEqual([]);
  });

  test('looks after those who were due for long, and not after those whose sessions are retained', async () => {
    let looks = 0;
    const index = `${prefix}{${user}}:sessions`;
    const client = watched(connect(url ?? ''), ([name, key]) => {
      if (name === 'ZRANGE' && key === index) looks++;
    });
    const [first, later] = [redisStore(client, { prefix, batch: false }), redisStore(client, { prefix, batch: false })];
    const kept = await addNew(first, ann, { expiresAt: NOW });
    const write = { now: NOW + 5 * DAY, retention: 30 * DAY };
    await first.add(sessionOf(ann), plainWrite(write));
    await first.end({ id: kept.id, user }, endedAt(NOW + 90 * DAY), []);
    // Waits for the store's background work.
    await first.close?.();
    expect(looks).toBe(0);
    await later.add(sessionOf(ann), plainWrite({ ...write, now: NOW + 32 * DAY }));
    await later.close?.();
    expect(looks).toBeGreaterThan(0);
  });

  test('forgets two people of one entry at once, and brings neither back', async () => {
    const client = connect(url ?? '');
    const other = redisStore(client, { prefix });
    await logOf(other).append([recordAbout(ann, { by: 'bob' })]);
    let isRead = false;
    // Between this process's read and its write, the other process completes its own `forget`.
    const between: IoRedisClient = {
      async call(name, ...args) {
        const answer = await client.call(name, ...args);
        if (name !== 'HMGET' || isRead) return answer;
        isRead = true;
        expect(await logOf(other).forget(user, 10)).toBe(1);
        return answer;
      },
      pipeline: (commands) => client.pipeline(commands),
    };
    await logOf(redisStore(between, { prefix })).forget(person('bob').tags.user, 10);
    expect(isRead).toBe(true);
    expect(await readAll(other, { realm: ann.tags.realm })).toMatchObject([{ user: null, by: null }]);
  });

  describe('whose errors hold what was sent', () => {
    const show = (error: unknown): string => inspect(error, { depth: 10, showHidden: true });

    test('of a script', async () => {
      const client = connect(url ?? '');
      const session = sessionOf(ann, { credential: newHash() });
      const key = `${prefix}{${user}}${session.id}`;
      await client.rpush(key, 'x');
      const raw = await client.call('GETEX', key, 'PX', session.credential).catch((error: unknown) => error);
      expect(show(raw), 'as the client gives it').toContain(session.credential);
      const store = redisStore(client, { prefix });
      await recordOf(store, user);
      const shown = show(await failure(store.add(session, plainWrite())));
      expect(shown).toContain('WRONGTYPE');
      expect(shown).not.toContain(session.credential);
      expect(shown).not.toContain(session.id);
    });

    test('at any depth', async () => {
      const holding = (message: string): Error => Object.assign(new Error(message), { command: { args: ['secret'] } });
      const last = holding('last');
      const cause = Object.assign(holding('cause'), { lastNodeError: last });
      Object.assign(last, { cause });
      const all = Object.assign(new AggregateError([holding('one')], 'all', { cause }), { replies: ['secret'] });
      const client: IoRedisClient = {
        call: () => Promise.reject(all),
        pipeline: () => expect.fail('it is not asked'),
      };
      const error = await failure(redisStore(client).setup?.());
      expect(error).toBe(all);
      expect(show(error)).toContain('one');
      expect(show(error)).not.toContain('secret');
    });
  });
});

describe.skipIf(findBinary('redis-server') === null)('a primary and its replica', { timeout: TEST_TIMEOUT }, () => {
  let primary: PrivateServer;
  let replica: PrivateServer;
  beforeAll(async () => {
    primary = await startRedis();
    replica = await startRedis({ replicaOf: primary });
    const client = new Redis(primary.url);
    await until('the replica is there', async () => /slave0:.*state=online/.test(await client.info('replication')));
    client.disconnect();
  }, TEST_TIMEOUT);
  afterAll(async () => {
    await replica?.stop();
    await primary?.stop();
  }, TEST_TIMEOUT);

  test('a password is not on the error that it was refused with', async () => {
    const admin = connect(primary.url);
    await admin.call('ACL', 'SETUSER', 'guarded', 'on', '>right', '~*', '+@all');
    onTestFinished(() => admin.call('ACL', 'DELUSER', 'guarded').then(() => {}));
    const client = connect(primary.url.replace('//', '//guarded:hunter2@'));
    const error = await failure(redisStore(client).setup?.());
    expect(isSessionError(error, 'SESSION_STORE_DENIED')).toBe(true);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
  });

  test('of which a pool has one connection each: no look-up is believed over the wrong one', async () => {
    const clients = await Promise.all(
      [primary, replica].map((one) =>
        createClient({ url: one.url })
          .on('error', () => {})
          .connect(),
      ),
    );
    onTestFinished(() => {
      for (const client of clients) client.destroy();
    });
    let tied: (typeof clients)[number] | undefined = clients[0];
    // MGET and transactions go over `tied`. All other commands go over the first connection, to the healthy primary.
    const pool: NodeRedisClient & { readonly totalClients: number } = {
      totalClients: 2,
      sendCommand: async (command, options) =>
        (command[0] === 'MGET' ? tied : clients[0])?.sendCommand(command, options),
      MULTI: () => tied?.MULTI() ?? {},
    };
    const store = redisStore(pool, { prefix: 'pool:', batch: false });
    const session = await addNew(store, ann);
    expect(await stored(store, session)).toEqual(session);
    tied = clients[1];
    const page = { ended: true, now: NOW, limit: 10 };
    expect(await codeOf(look(store, session))).toBe('SESSION_STORE_UNSAFE');
    expect(await codeOf(store.readEpochs([user]))).toBe('SESSION_STORE_UNSAFE');
    expect(await codeOf(store.list(ann.tags.realm, user, page))).toBe('SESSION_STORE_UNSAFE');
    expect(await codeOf(store.list(ann.tags.realm, person('bob').tags.user, page))).toBe('SESSION_STORE_UNSAFE');
    expect(await codeOf(store.listUsers({ realm: session.realm, account: null }, null, 1))).toBe(
      'SESSION_STORE_UNSAFE',
    );
    tied = clients[0];
    expect(await stored(store, session)).toEqual(session);
  });

  test('of which a pool tells no options: nothing is made of that', async () => {
    const pool = createClientPool({ url: primary.url });
    pool.on('error', () => {});
    await pool.connect();
    onTestFinished(() => pool.destroy());
    const findings = (await redisStore(pool).powers?.diagnosis?.diagnose(Date.now())) ?? [];
    expect(findings.find(({ subject }) => subject === 'connection')?.level).toBe('ok');
  });

  test.each([
    ['a client', () => createClient({ url: primary.url, ...odd })],
    ['a pool', () => createClientPool({ url: primary.url, ...odd })],
  ])('of which buffers are wanted: %s', async (_, make) => {
    const client = make();
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    const prefix = newPrefix();
    const store = redisStore(client, { prefix, replicas: { atLeast: 1, timeout: '1m' } });
    const session = await addNew(store, ann);
    const renewal = renewalOf(session);
    expect(await store.renew(renewal)).toBe('renewed');
    const advance = { record: anotherRecord('x'), now: NOW, keepUntil: null, audit: [] };
    expect(await store.advance(user, { ...advance, ifVersion: await versionOf(store, ann) })).toBe('advanced');
    expect((await stored(store, session))?.credential).toBe(renewal.session.credential);
    expect(await policiesOf(store).set({ account, value: 'a', ifValue: null, audit: [] })).toBe('set');
    expect(await store.end({ id: session.id, user }, endedAt(NOW), [])).toBe(true);
    expect(await store.deleteSessions(user, 10)).toBe(1);
  });

  test('that did not confirm, and is asked again over another connection: it confirms what it really has', async () => {
    const prefix = 'again:';
    const admin = connect(primary.url);
    const writes = async (): Promise<number> =>
      Number(/cmdstat_set:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    let resends = 0;
    /** A store over connections that have written nothing yet, as in another process or after a reconnect. */
    const fresh = (timeout: number): SessionStore => {
      const client = resending(
        connect(primary.url),
        async (commands) => {
          if (!commands.includes('WAIT')) return;
          const before = await writes();
          return async () => {
            resends++;
            // Since Redis 7.2, WAIT covers only the writes of its own connection. So the resend must write as well.
            expect(await writes(), 'a resend writes').toBeGreaterThan(before);
          };
        },
        connect(primary.url),
      );
      return redisStore(client, { prefix, replicas: { atLeast: 1, timeout } });
    };
    const first = fresh(60_000);
    const [session, other, kept] = [await addNew(first, ann), await addNew(first, ann), await addNew(first, ann)];
    const renewal = renewalOf(other);
    const initiator = { id: kept.id, ifCredential: kept.credential, credential: newHash(), serial: 1 };
    const rest = { record: anotherRecord('x'), ifVersion: await versionOf(first, ann), initiator };
    const ending = [{ id: session.id, ended: endedAt(NOW), audit: [] }];
    const ref = { id: session.id, user };
    const asked: readonly (readonly [what: string, again: unknown, ask: (store: SessionStore) => unknown])[] = [
      ['advance', 'conflict', (store) => store.advance(user, { ...rest, now: NOW, keepUntil: null, audit: [] })],
      ['end', false, (store) => store.end(ref, endedAt(NOW), [])],
      ['set', 'set', (store) => policiesOf(store).set({ account, value: 'a', ifValue: 'a', audit: [] })],
      ['renew', 'not-live', (store) => store.renew(renewal)],
      ['add', 'added', (store) => store.add(sessionOf(ann), plainWrite({ ending }))],
    ];
    await policiesOf(first).set({ account, value: 'a', ifValue: null, audit: [] });
    resends = 0;
    await replica.kill('SIGSTOP');
    try {
      for (const [what, , ask] of asked) {
        expect(await codeOf(ask(fresh(50))), `${what}, first`).toBe('SESSION_STORE_UNCONFIRMED');
        expect(await codeOf(ask(fresh(50))), `${what}, again`).toBe('SESSION_STORE_UNCONFIRMED');
      }
    } finally {
      await replica.kill('SIGCONT');
    }
    for (const [what, again, ask] of asked) expect(await ask(fresh(60_000)), what).toBe(again);
    expect(resends).toBe(3 * asked.length);
    expect(await stored(first, session)).toEqual({ ...session, ended: endedAt(NOW) });
  });
});

describe.skipIf(clusterUrl === null)('a cluster', () => {
  const base = newPrefix();
  afterAll(() => removeKeys(clusterUrl ?? '', base));

  test(
    'whose slot lies elsewhere than its client believes is asked there',
    async () => {
      const cluster = new Cluster((clusterUrl ?? '').split(','), { lazyConnect: true });
      cluster.on('error', () => {});
      await cluster.connect();
      onTestFinished(() => cluster.disconnect());
      const store = redisStore(cluster, { prefix: base, replicas: { atLeast: 1, timeout: '1m' } });
      const session = await addNew(store, ann);
      const slot = Number(await cluster.cluster('KEYSLOT', `${base}{${user}}`));
      const nodes = (cluster as unknown as { readonly slots: string[][] }).slots;
      const right = nodes[slot]?.[0];
      const wrong = nodes.find((one) => one[0] !== right)?.slice() ?? [];
      nodes[slot] = wrong;
      expect(await store.end({ id: session.id, user }, endedAt(NOW), [])).toBe(true);
      expect(nodes[slot]?.[0]).toBe(right);
    },
    TEST_TIMEOUT,
  );

  test('that sends on for ever is an outage, and no misuse', async () => {
    const moved = new Error('MOVED 1 127.0.0.1:1');
    const client: IoRedisClient = {
      isCluster: true,
      call: () => Promise.reject(moved),
      pipeline: () => ({ exec: () => Promise.resolve([[moved, null]]) }),
    };
    expect(await failure(redisStore(client).setup?.())).toBe(moved);
    const alone: IoRedisClient = { call: client.call, pipeline: client.pipeline };
    expect(await codeOf(redisStore(alone).setup?.())).toBe('SESSION_STORE_UNSUPPORTED');
  });
});
