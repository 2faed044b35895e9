import { Redis } from 'ioredis';
import { endOf } from 'session-revocation/adapter';
import { redisStore } from 'session-revocation/redis';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { executorOf } from '../../adapters/engines/redis/clients/executor.ts';
import { Server } from '../../adapters/engines/redis/connection.ts';
import type { Context } from '../../adapters/engines/redis/context.ts';
import { dueAt, noteDate, setDate } from '../../adapters/engines/redis/indexes/due-dates.ts';
import { announce, leave, pageOf } from '../../adapters/engines/redis/indexes/member-index.ts';
import { Upkeep } from '../../adapters/engines/redis/indexes/upkeep.ts';
import { bucketOf, Keys } from '../../adapters/engines/redis/keys.ts';
import { prune } from '../../adapters/engines/redis/prune.ts';
import type { Tag } from '../../src/model/token.ts';
import { addNew, nth, person } from '../../src/testing/harness/records.ts';
import { newPrefix, removeKeys, url } from './support/redis-clients.ts';

describe.skipIf(url === null)('the upkeep', () => {
  const client = new Redis(url ?? '', { lazyConnect: true });
  const server = new Server(executorOf(client), null);
  const base = newPrefix();
  let keys: Keys;
  let made = 0;
  beforeEach(() => {
    keys = new Keys(`${base}${made++}:`);
  });
  afterAll(async () => {
    client.disconnect();
    await removeKeys(url ?? '', base);
  });

  test('keeps who was announced less than 21 minutes ago on a roster: their session may be on its way, sent again and again', async () => {
    const roster = keys.users('shop', 0);
    const members = () => pageOf(server, roster, null, 10);
    await announce(server, roster, 'ann', null);
    await client.zadd(roster.members, 0, 'bob');
    expect(await members()).toEqual(['ann', 'bob']);
    await leave(server, roster, ['ann', 'bob']);
    expect(await members()).toEqual(['ann']);
    await client.zadd(roster.seen, Date.now() - 15 * 60_000, 'ann');
    await leave(server, roster, ['ann']);
    expect(await members()).toEqual(['ann']);
    await client.zadd(roster.seen, Date.now() - 30 * 60_000, 'ann');
    await leave(server, roster, ['ann']);
    expect([await members(), await client.exists(roster.seen)]).toEqual([[], 0]);
  });

  test('sets a date only in the place of the one that was seen: what was noted since stays', async () => {
    const dates = keys.dueSessions(0);
    const due = () => dueAt(server, dates, 10_000, 10);
    await noteDate(server, dates, 'ann', 1000, null);
    const before = nth(await due(), 0);
    await noteDate(server, dates, 'ann', 5000, null);
    await setDate(server, dates, before, null);
    await setDate(server, dates, before, 7000);
    expect(await due(), 'a millisecond earlier, so that it is not taken for the other').toEqual([
      { member: 'ann', score: 999 },
    ]);
    await setDate(server, dates, nth(await due(), 0), 7000);
    const after = nth(await due(), 0);
    expect(after).toEqual({ member: 'ann', score: 7000 });
    await setDate(server, dates, after, null);
    await setDate(server, dates, after, 8000);
    expect(await due(), 'another process has set that there is none').toEqual([]);
  });

  /** Creates records whose noted due date is 1, and one date without a record. Returns the key of the dates. */
  async function dueRecords(): Promise<string> {
    const kept = { over: '1', later: '90000', forever: '' };
    for (const [tag, until] of Object.entries(kept)) await client.set(keys.record(tag as Tag), `1\n${until}\n{}`);
    const dates = keys.dueRecords(bucketOf('new' as Tag));
    for (const tag of [...Object.keys(kept), 'gone']) await noteDate(server, dates, tag as Tag, 1, null);
    return dates;
  }

  test('a pruned record has no due date any more, and a record that is kept longer has a later one', async () => {
    const dates = await dueRecords();
    const batch = { sessionsBefore: 0, epochsBefore: 1_000, limit: 100, after: null, revoked: () => false };
    expect(await prune({ server, keys } as Context, batch)).toEqual({
      sessions: 0,
      epochs: 1,
      more: false,
      after: null,
    });
    expect(await dueAt(server, dates, 100_000, 10)).toEqual([{ member: 'later', score: 90_000 }]);
    expect(await client.exists(keys.record('over' as Tag))).toBe(0);
    expect(await client.exists(keys.record('later' as Tag), keys.record('forever' as Tag))).toBe(2);
  });

  test('each new record corrects the dates of two records that were due a day ago', async () => {
    const dates = await dueRecords();
    const upkeep = new Upkeep(server, keys);
    const now = 86_400_000 + 1;
    const all = async () => (await dueAt(server, dates, 2 * now, 10)).map(({ member, score }) => `${member} ${score}`);
    await upkeep.noteRecord('new' as Tag, now + 5, now - 1);
    await upkeep.background.settled();
    expect(await all()).toEqual(['forever 1', 'gone 1', 'later 1', 'over 1', `new ${now + 5}`]);
    await upkeep.noteRecord('new' as Tag, now + 4, now);
    await upkeep.background.settled();
    expect(await all()).toEqual(['later 1', 'over 1', `new ${now + 4}`]);
    await upkeep.noteRecord('new' as Tag, now + 3, now + 1);
    await upkeep.background.settled();
    expect(await all()).toEqual(['over 1', 'later 90000', `new ${now + 3}`]);
  });

  test('each new session corrects the dates of two users who were due long before the retention', async () => {
    const ann = person('ann');
    const store = redisStore(client, { prefix: `${base}${made - 1}:`, allowLossOnRestart: true });
    await store.setup?.();
    const end = endOf(await addNew(store, ann)) ?? expect.fail('it expires');
    const user = ann.tags.user;
    const dates = keys.dueSessions(bucketOf(user));
    await client.zadd(dates, 10, user, 10, 'gone');
    const upkeep = new Upkeep(server, keys);
    const [day, retention] = [86_400_000, 7];
    const of = async (member: string) => Number(await client.zscore(dates, member));
    await upkeep.noteSession(user, end, day + retention + 8, retention);
    await upkeep.background.settled();
    expect([await of(user), await of('gone')]).toEqual([9, 10]);
    await upkeep.noteSession(user, end, day + retention + 10, null);
    await upkeep.background.settled();
    expect([await of(user), await of('gone')]).toEqual([8, 10]);
    await upkeep.noteSession(user, end, day + retention + 10, retention);
    await upkeep.background.settled();
    expect([await of(user), await client.zscore(dates, 'gone')]).toEqual([end, null]);
  });
});
