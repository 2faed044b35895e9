import { Redis } from 'ioredis';
import type { SessionStore } from 'session-revocation';
import { memberTag, type Tag } from 'session-revocation/adapter';
import { redisStore } from 'session-revocation/redis';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { bucketOf } from '../../adapters/engines/redis/keys.ts';
import { logged, logOf, recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { DAY, HOUR, NOW } from '../../src/testing/harness/bench.ts';
import {
  add,
  addNew,
  anotherRecord,
  endedAt,
  look,
  openRecords,
  person,
  plainWrite,
  pruneAll,
  recordOf,
  renewalOf,
  sessionOf,
  stored,
  versionOf,
} from '../../src/testing/harness/records.ts';
import { includes } from '../ci-only.ts';
import { findBinary } from '../services/binaries.ts';
import { startRedis } from '../services/index.ts';
import { keysOf, newPrefix, removeKeys, url } from './support/redis-clients.ts';

const ann = person('ann');
const annAtAcme = person('ann', 'acme');
const user = ann.tags.user;
const FOR_EVER = { expiresAt: null, idle: null } as const;
/** The default prefix. It is part of every key, so its length counts. */
const PREFIX = 'sr:';

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

describe.skipIf(url === null)('redisStore', { timeout: TEST_TIMEOUT }, () => {
  const client = new Redis(url ?? '', { lazyConnect: true });
  const base = newPrefix();
  let prefix: string;
  let store: SessionStore;
  let made = 0;
  beforeEach(() => {
    prefix = `${base}${made++}:`;
    store = redisStore(client, { prefix });
  });
  afterAll(async () => {
    client.disconnect();
    await removeKeys(url ?? '', base);
  });

  const keyOf = ({ userTag, id }: { userTag: string; id: string }): string => `${prefix}{${userTag}}${id}`;
  const memberIndexOf = (group: Tag, whose: Tag): string => `${prefix}{#${bucketOf(whose)}}:users:${group}`;
  const lives = (key: string): Promise<number> => client.pttl(key);
  /** Expects a time to live slightly below `wanted`. The test takes much less than the half hour allowed here. */
  const about = (ttl: number, wanted: number): void => {
    expect(ttl).toBeLessThanOrEqual(wanted);
    expect(ttl).toBeGreaterThan(wanted - HOUR / 2);
  };
  const MARGIN = 3 * HOUR;

  describe('what an id is unique among', () => {
    test('the sessions of its user: a second one is refused, and changes nothing', async () => {
      const first = await addNew(store, ann);
      const version = await versionOf(store, ann);
      const second = sessionOf(ann, { id: first.id, attributes: { second: true } });
      expect(await store.add(second, plainWrite({ ifVersion: version }))).toBe('conflict');
      expect(await versionOf(store, ann)).toBe(version);
      expect(await stored(store, first)).toEqual(first);
    });

    test("of another user, one of the same id is another session, and neither is the other's", async () => {
      const first = await addNew(store, ann);
      const other = await addNew(store, person('bob'), { id: first.id, attributes: { second: true } });
      await store.end({ id: first.id, user }, endedAt(NOW), []);
      expect(await stored(store, other)).toEqual(other);
      expect(await stored(store, first)).toEqual({ ...first, ended: endedAt(NOW) });
    });
  });

  test.each([
    '',
    'short',
    '+/+/',
    '\0',
    '\ud800',
    '\n',
    'a\nb',
    '\\',
    '"',
    '\\"',
    'null',
    '\u2028',
    '{x}',
    ':sessions',
  ])('%j comes back as it was, wherever it stands', async (odd) => {
    const member = memberTag(`${odd}.`, odd);
    const tags = { ...annAtAcme.tags, user: `${odd}.`, account: odd, member };
    const whose = { ...person(odd, odd), account: odd, tags };
    const device = { label: odd, browser: odd, os: odd, type: 'desktop', ip: odd } as const;
    const stamps = { realm: odd, user: odd, account: odd, member: odd };
    const session = sessionOf(whose, {
      ...{
        id: odd,
        realm: odd,
        user: odd,
        kind: odd,
        credential: odd,
        device,
        stamps,
        deviceTag: odd,
        federated: { issuer: odd, sid: odd, sub: null },
        amr: [odd, 'a b'],
      },
      attributes: { [`${odd}.`]: odd },
      ended: endedAt(NOW, odd, odd, odd),
    });
    await recordOf(store, whose.tags.user);
    await recordOf(store, member);
    await add(store, session);
    expect(await stored(store, session)).toEqual(session);
  });

  describe('how long the server keeps', () => {
    test('a session: until it is over by itself and the retention after that, with hours to spare', async () => {
      const session = await addNew(store, ann, { idle: null, expiresAt: NOW + 30 * DAY });
      about(await lives(keyOf(session)), 31 * DAY + MARGIN);
      const idle = await addNew(store, ann, { idle: 14 * DAY });
      about(await lives(keyOf(idle)), 15 * DAY + MARGIN);
      expect(await lives(keyOf(await addNew(store, ann, FOR_EVER)))).toBe(-1);
      const over = await addNew(store, ann, { expiresAt: 1 });
      about(await lives(keyOf(over)), DAY + MARGIN);
    });

    test('counts from the core’s time, also at a use, a renewal and an ending', async () => {
      const session = await addNew(store, ann, { idle: 14 * DAY });
      await store.touch([{ id: session.id, user, at: NOW + DAY }], () => NOW);
      about(await lives(keyOf(session)), 15 * DAY + MARGIN);
      const renewal = renewalOf(
        session,
        { expiresAt: NOW + 20 * DAY, idle: null },
        { now: NOW + 2 * DAY, retention: HOUR },
      );
      expect(await store.renew(renewal)).toBe('renewed');
      about(await lives(keyOf(session)), 18 * DAY + HOUR + MARGIN);
      await store.end({ id: session.id, user }, endedAt(NOW + 3 * DAY), []);
      about(await lives(keyOf(session)), HOUR + MARGIN);
      const endless = await addNew(store, ann, FOR_EVER);
      await store.end({ id: endless.id, user }, endedAt(NOW), []);
      about(await lives(keyOf(endless)), DAY + MARGIN);
    });

    test('does not change where a secret is rotated', async () => {
      const { user: record } = await openRecords(store, ann);
      const session = await add(store, sessionOf(ann));
      const before = await lives(keyOf(session));
      const initiator = { id: session.id, ifCredential: session.credential, credential: 'other', serial: 1 };
      const advance = { record: anotherRecord('x'), now: NOW + HOUR, keepUntil: null, initiator, audit: [] };
      expect(await store.advance(user, { ...advance, ifVersion: record.version })).toBe('conflict');
      expect(await store.advance(user, { ...advance, ifVersion: await versionOf(store, ann) })).toBe('advanced');
      about(await lives(keyOf(session)), before);
    });

    test('a record: for as long as it must, and for ever where that is asked', async () => {
      const record = `${prefix}{${user}}`;
      await recordOf(store, user, NOW + HOUR);
      about(await lives(record), HOUR + MARGIN);
      await recordOf(store, user, NOW);
      about(await lives(record), HOUR + MARGIN);
      await add(store, sessionOf(ann), { keepUntil: NOW + DAY });
      about(await lives(record), DAY + MARGIN);
      await recordOf(store, user, null);
      expect(await lives(record)).toBe(-1);
      await add(store, sessionOf(ann), { keepUntil: NOW + DAY });
      expect(await lives(record)).toBe(-1);
    });

    test('a record: never for less than before, whatever the time of who writes to it', async () => {
      const record = `${prefix}{${user}}`;
      const session = await addNew(store, ann, {}, NOW + DAY);
      const later = { now: NOW + 12 * HOUR, keepUntil: NOW + DAY };
      const { record: text } = await recordOf(store, user);
      const writes: readonly (() => unknown)[] = [
        () => store.ensureEpochs([{ tag: user, create: text, version: 1, keepUntil: NOW + DAY + 1 }], later.now),
        () => store.add(sessionOf(ann), plainWrite(later)),
        () => store.renew(renewalOf(session, {}, { ...later, moves: true })),
        async () => store.advance(user, { record: text, ifVersion: await versionOf(store, ann), audit: [], ...later }),
      ];
      for (const write of writes) {
        await write();
        about(await lives(record), DAY + MARGIN);
      }
    });

    test('indexes: as long as the longest of what they have', async () => {
      const index = `${prefix}{${user}}:sessions`;
      const memberIndexes = [ann.tags.realm, annAtAcme.tags.account].map((tag) => memberIndexOf(tag ?? '', user));
      await addNew(store, annAtAcme, { expiresAt: NOW + DAY });
      await addNew(store, annAtAcme, { expiresAt: NOW + HOUR });
      for (const key of [index, ...memberIndexes, ...memberIndexes.map((memberIndex) => `${memberIndex}:seen`)]) {
        about(await lives(key), 2 * DAY + MARGIN);
      }
      await addNew(store, annAtAcme, { expiresAt: null, idle: HOUR });
      about(await lives(index), 2 * DAY + MARGIN);
      for (const memberIndex of memberIndexes) expect(await lives(memberIndex)).toBe(-1);
      await addNew(store, annAtAcme, FOR_EVER);
      await addNew(store, annAtAcme);
      expect(await lives(index)).toBe(-1);
    });

    test('leaves an index at least as long as a session that is used again and again', async () => {
      const session = await addNew(store, ann, { expiresAt: null, idle: DAY });
      for (let days = 0.5; days < 5; days += 0.5) {
        await store.touch([{ id: session.id, user, at: NOW + days * DAY }], () => NOW);
        await client.pexpire(`${prefix}{${user}}:sessions`, HOUR);
        await store.touch([{ id: session.id, user, at: NOW + days * DAY + 1 }], () => NOW);
        about(await lives(`${prefix}{${user}}:sessions`), 2 * DAY + MARGIN);
      }
    });
  });

  describe('what the server removed by itself', () => {
    /** Removes sessions, as the server does when they expire. */
    const expire = (...sessions: readonly { userTag: string; id: string }[]) => client.unlink(...sessions.map(keyOf));
    const indexed = () => client.zcard(`${prefix}{${user}}:sessions`);

    test('is neither found nor listed, and goes from the index', async () => {
      const [gone, staying] = [await addNew(store, ann), await addNew(store, ann)];
      await expire(gone);
      const page = { ended: true, now: NOW, limit: 1 };
      expect(await look(store, gone)).toBeNull();
      const { found, more } = await store.list(ann.tags.realm, user, page);
      expect(found.map(({ session }) => session)).toEqual([staying]);
      expect(more).toBe(false);
      await store.list(ann.tags.realm, user, { ...page, limit: 10 });
      await store.close?.();
      expect(await indexed()).toBe(1);
    });

    test('does not let the index grow, sign-in by sign-in, although nobody lists or prunes', async () => {
      await openRecords(store, ann);
      for (let round = 0; round < 400; round++) {
        await expire(await add(store, sessionOf(ann, { createdAt: NOW + round })));
      }
      await store.close?.();
      expect(await indexed()).toBeLessThan(30);
    });

    test('is not counted by remove and prune, which tidy up behind it', async () => {
      const gone = [await addNew(store, ann), await addNew(store, ann, { expiresAt: NOW })];
      await addNew(store, ann, { expiresAt: NOW });
      await addNew(store, ann);
      await expire(...gone);
      expect(await pruneAll(store, { sessionsBefore: NOW })).toMatchObject({ sessions: 1 });
      expect(await indexed()).toBe(1);
      await expire(await addNew(store, ann));
      expect(await store.deleteSessions(user, 10)).toBe(1);
      expect(await client.exists(`${prefix}{${user}}:sessions`)).toBe(0);
    });

    test('leaves indexes of members and dates, a little at each sign-in, without any pruning', async () => {
      const memberIndexes = Array.from({ length: 16 }, (_, at) => `${prefix}{#${at}}:users:${ann.tags.realm}`);
      const people = Array.from({ length: 60 }, (_, at) => person(`user ${at}`));
      for (const whose of people) await expire(await addNew(store, whose, {}, NOW + DAY));
      const sizes = await Promise.all(memberIndexes.map((memberIndex) => client.zcard(memberIndex)));
      expect(sizes.reduce((sum, size) => sum + size)).toBe(60);
      expect(sizes.filter((size) => size > 0).length, 'they are spread').toBeGreaterThan(8);
      const memberIndex = memberIndexOf(ann.tags.realm, user);
      expect(await client.exists(`${prefix}{${ann.tags.realm}}:users`), 'no user lies in the slot of the realm').toBe(
        0,
      );
      // Scores in `seen` are times of the server's clock, so this is two real days ago.
      const ago = Date.now() - 2 * DAY;
      for (const { tags } of people)
        await client.zadd(`${memberIndexOf(ann.tags.realm, tags.user)}:seen`, ago, tags.user);
      for (let round = 0; round < 30; round++) {
        const other = redisStore(client, { prefix });
        await addNew(other, ann);
        // Waits for the store's background work.
        await other.close?.();
      }
      expect(await client.zcard(memberIndex)).toBe(1);
      expect(await client.zscore(memberIndex, user)).toBe('0');
    });
  });

  describe('scripts', () => {
    test('are sent once more where the server forgot them', async () => {
      const session = await addNew(store, ann);
      await client.script('FLUSH');
      expect(await store.end({ id: session.id, user }, endedAt(NOW), [])).toBe(true);
      await client.script('FLUSH');
      await Promise.all([1, 2, 3].map(() => addNew(store, ann)));
    });

    test('touch no key that was not named', async () => {
      const watched = new Redis(url ?? '');
      const named: string[][] = [];
      const call = (name: string, ...args: string[]) => {
        named.push([name, ...args]);
        return watched.call(name, ...args);
      };
      const other = redisStore({ call, pipeline: (all) => watched.pipeline(all) }, { prefix, batch: false });
      await addNew(other, annAtAcme);
      await pruneAll(other, { sessionsBefore: NOW + 90 * DAY, epochsBefore: NOW + 90 * DAY });
      watched.disconnect();
      expect(named.map(([name]) => name)).not.toContain('KEYS');
      expect(named.map(([name]) => name)).not.toContain('SCAN');
      for (const [name, , count, ...rest] of named) {
        if (name !== 'EVALSHA') continue;
        const slots = rest.slice(0, Number(count)).map((key) => key.slice(0, key.indexOf('}')));
        expect(new Set(slots).size, 'on one server, a script may also write to the log').toBeLessThanOrEqual(2);
      }
    });
  });

  const isWhole = includes('Redis: bytes of a session');
  describe.skipIf(!isWhole || findBinary('redis-server') === null)('memory', () => {
    test.each([
      ['is at most 300 bytes for a session, and 80 in the index of its user', null, 300],
      ['is at most 370 bytes for a session in an account', 'acme', 370],
    ])('%s', async (_, account, most) => {
      const server = await startRedis();
      onTestFinished(() => server.stop());
      const client = new Redis(server.url);
      onTestFinished(() => client.disconnect());
      const memory = async (key: string): Promise<number> => Number(await client.call('MEMORY', 'USAGE', key));
      const compact = redisStore(client, { prefix: PREFIX });
      const [stamp, account1] = ['AbCdEfGh.m2x5k9d0', account && 'HgFeDcBa.m2x5k9d0'];
      const stamps = { realm: 'ZyXwVuTs.m2x5k9d0', user: stamp, account: account1, member: account && stamp };
      const total = { sessions: 0, indexes: 0 };
      const users = 200;
      const fill = async (at: number): Promise<void> => {
        const whose = person(`user-${at}`, account, 'default');
        await openRecords(compact, whose);
        for (let nth = 0; nth < 5; nth++) {
          const times = { createdAt: NOW + nth, authenticatedAt: NOW + nth, lastUsedAt: NOW + nth * DAY + 12_345 };
          const session = sessionOf(whose, { ...times, stamps, amr: ['pwd'], attributes: {} });
          await add(compact, session, { retention: 7 * DAY });
          total.sessions += await memory(`${PREFIX}{${whose.tags.user}}${session.id}`);
        }
        total.indexes += await memory(`${PREFIX}{${whose.tags.user}}:sessions`);
      };
      await Promise.all(Array.from({ length: users }, (_, at) => fill(at)));
      expect(total.sessions / users / 5).toBeLessThanOrEqual(most);
      expect(total.indexes / users / 5).toBeLessThanOrEqual(80);
    });
  });

  test('nothing is left behind by somebody who is gone', async () => {
    const session = await addNew(store, annAtAcme, {}, NOW + DAY);
    await logOf(store).append([recordAbout(ann)]);
    expect(await logged(store, ann)).toHaveLength(1);
    await store.end({ id: session.id, user }, endedAt(NOW), []);
    await pruneAll(store, { sessionsBefore: NOW + DAY, epochsBefore: NOW + 2 * DAY });
    await logOf(store).prune(NOW + 1e3 * DAY, 10);
    await store.close?.();
    const left = (await keysOf(client, prefix)).map((key) => key.slice(prefix.length));
    // Member indexes (`:users`) keep recent users for a while. Answers (`}!`) are kept for ten minutes.
    expect(left.filter((key) => !/:users|\}!/.test(key)).sort()).toEqual(['meta', 'realms']);
  });
});
