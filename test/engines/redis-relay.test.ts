import { Cluster } from 'ioredis';
import type { SessionStore } from 'session-revocation';
import type { AuditRecord } from 'session-revocation/adapter';
import { type IoRedisClient, redisStore } from 'session-revocation/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { idsOf, logged, logOf, policiesOf, recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import {
  addNew,
  anotherRecord,
  endedAt,
  look,
  nth,
  person,
  recordOf,
  versionOf,
} from '../../src/testing/harness/records.ts';
import { findService } from '../services/index.ts';
import { newPrefix, removeKeys } from './support/redis-clients.ts';

const url = await findService('redis-cluster');
const ann = person('ann', 'acme');
const { user, realm } = ann.tags;

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

describe.skipIf(url === null)('the audit log of a cluster', { timeout: TEST_TIMEOUT }, () => {
  let cluster: Cluster;
  const base = newPrefix();
  let prefix: string;
  let store: SessionStore;
  let made = 0;
  beforeAll(async () => {
    cluster = new Cluster((url ?? '').split(','), { lazyConnect: true });
    cluster.on('error', () => {});
    await cluster.connect();
  });
  beforeEach(() => {
    prefix = `${base}${made++}:`;
    store = redisStore(cluster, { prefix });
  });
  afterAll(async () => {
    cluster.disconnect();
    await removeKeys(url ?? '', base);
  });

  /** A store of a process that dies. It sends the first command that satisfies `when`, and never gets the answer. */
  function dying(when: (command: readonly string[]) => boolean): SessionStore {
    let isDead = false;
    const client: IoRedisClient = {
      isCluster: true,
      nodes: () => cluster.nodes('master'),
      async call(...command) {
        if (isDead) throw new Error('dead');
        const reply = await cluster.call(...command);
        isDead = when(command);
        if (isDead) throw new Error('dying');
        return reply;
      },
      pipeline: (commands) => cluster.pipeline(commands),
    };
    return redisStore(client, { prefix, batch: false });
  }
  const key = (tag: string, what: string): string => `${prefix}{${tag}}:${what}`;
  const wrote = (command: readonly string[]): boolean =>
    command.includes(key(user, 'relay')) && command[0] !== 'LRANGE';
  const relayed = (command: readonly string[]): boolean => command.includes(key(realm, 'log'));
  const waiting = (): Promise<number> => cluster.llen(key(user, 'relay'));
  const intended = (): Promise<number> => cluster.zcard(key(realm, 'intents'));

  test('leaves nothing on the way where all goes well', async () => {
    const session = await addNew(store, ann);
    const record = recordAbout(ann);
    expect(await store.end({ id: session.id, user }, endedAt(NOW), [record])).toBe(true);
    expect(await cluster.hexists(key(realm, 'log'), record.entry.id)).toBe(1);
    expect([await waiting(), await intended()]).toEqual([0, 0]);
    expect(await store.end({ id: session.id, user }, endedAt(NOW), [recordAbout(ann)])).toBe(false);
    expect([await waiting(), await intended()]).toEqual([0, 0]);
    expect(await logged(store, ann)).toEqual(idsOf([record]));
  });

  /** Calls at which another process finds the entries in a relay and logs them. */
  const READERS: Readonly<Record<string, () => Promise<unknown>>> = {
    read: async () => logOf(store).read({ realm, limit: 10 }),
    prune: async () => logOf(store).prune(0, 10),
    forget: async () => logOf(store).forget(person('bob').tags.user, 10),
  };

  test.each(Object.entries(READERS))('has what a crash left on the way, once: %s', async (_, ask) => {
    const session = await addNew(store, ann);
    const [first, second]: AuditRecord[] = [recordAbout(ann), recordAbout(ann)];
    const records = [first, second] as AuditRecord[];
    const end = (async () => dying(wrote).end({ id: session.id, user }, endedAt(NOW), records))();
    await expect(end).rejects.toThrow('dying');
    expect((await look(store, session))?.session.ended, 'it was done').toEqual(endedAt(NOW));
    expect([await waiting(), await intended()]).toEqual([2, 1]);
    expect(await cluster.exists(key(realm, 'log'))).toBe(0);
    await ask();
    await ask();
    expect(await cluster.hkeys(key(realm, 'log')).then((ids) => ids.sort())).toEqual(idsOf(records));
    expect(await waiting()).toBe(0);
    expect(await logged(store, ann)).toEqual(idsOf(records));
  });

  test('has an entry once that was relayed, and not taken out of the relay', async () => {
    await recordOf(store, user);
    const record = recordAbout(ann);
    const ifVersion = await versionOf(store, ann);
    const advance = { record: anotherRecord('x'), ifVersion, now: NOW, keepUntil: null, audit: [record] };
    expect(await dying(relayed).advance(user, advance), 'nobody has to wait for the log').toBe('advanced');
    expect([await waiting(), await intended()]).toEqual([1, 1]);
    expect(await logged(store, ann)).toEqual(idsOf([record]));
    await logOf(store).forget(user, 10);
    await cluster.rpush(key(user, 'relay'), JSON.stringify([realm, user, null, null, NOW, record.entry]));
    const { entries } = await logOf(store).read({ realm, limit: 10 });
    expect(entries).toHaveLength(1);
    expect(nth(entries, 0).user, 'who was forgotten does not come back').toBeNull();
    expect(await waiting()).toBe(0);
  });

  test('forgets an intent when nothing can come of it any more, and not before', async () => {
    await recordOf(store, user);
    const advance = { record: anotherRecord('x'), ifVersion: 0, now: NOW, keepUntil: null, audit: [recordAbout(ann)] };
    const failing = dying((command) => command.includes(key(realm, 'intents')));
    await expect((async () => failing.advance(user, advance))()).rejects.toThrow('dying');
    await READERS.read?.();
    expect(await intended()).toBe(1);
    const [intent = ''] = await cluster.zrange(key(realm, 'intents'), 0, -1);
    await cluster.zadd(key(realm, 'intents'), Date.now() - DAY, intent);
    await READERS.read?.();
    expect(await intended()).toBe(0);
  });

  test('has the entries of accounts, too', async () => {
    const account = ann.tags.account ?? '';
    const record = recordAbout(ann);
    const write = { account, value: 'x', ifValue: null, audit: [record] };
    expect(await policiesOf(store).set(write)).toBe('set');
    expect(await policiesOf(store).set({ ...write, audit: [recordAbout(ann)] })).toBe('conflict');
    expect(await logged(store, ann)).toEqual(idsOf([record]));
  });
});
