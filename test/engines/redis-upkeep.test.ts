import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { executorOf } from '../../adapters/engines/redis/clients/executor.ts';
import { Server } from '../../adapters/engines/redis/connection.ts';
import { dueAt, noteDate, setDate } from '../../adapters/engines/redis/indexes/due-dates.ts';
import { announce, leave, pageOf } from '../../adapters/engines/redis/indexes/member-index.ts';
import { Keys } from '../../adapters/engines/redis/keys.ts';
import { nth } from '../../src/testing/harness/records.ts';
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
});
