import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSessions } from '../../../src/create-sessions.ts';
import { Turns } from '../../../src/lib/turns.ts';
import { type RetryLimits, retryInTurn, retryOnConflict } from '../../../src/store/retry-on-conflict.ts';
import type { EpochRequest } from '../../../src/store/store.ts';
import { ReferenceStore } from '../../model/reference-store.ts';
import { HOUR, NOW, Realm } from '../support/realm.ts';

const UNAVAILABLE = {
  code: 'SESSION_STORE_UNAVAILABLE',
  message: expect.stringMatching(
    /other writes to the same user, account or realm came first for \d+ ms \(option timeout\): do it again$/,
  ),
};
const core = (timeout: number): RetryLimits => ({ timeout });

afterEach(() => {
  vi.useRealTimers();
});

describe('a write that is beaten by others', () => {
  test('is tried again until it is not', async () => {
    let tries = 0;
    expect(await retryOnConflict(core(600_000), async () => (++tries < 9 ? 'conflict' : 'done'))).toBe('done');
    expect(tries).toBe(9);
  });

  test('gives up at the timeout: that is an outage, and no answer', async () => {
    let tries = 0;
    const losing = async (): Promise<'conflict'> => {
      tries += 1;
      return 'conflict';
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    const lost = expect(retryOnConflict(core(30), losing)).rejects.toMatchObject(UNAVAILABLE);
    await vi.advanceTimersByTimeAsync(29);
    expect(tries).toBeGreaterThan(3);
    await vi.advanceTimersByTimeAsync(65);
    await lost;
  });

  test('fails at once with what the attempt throws', async () => {
    await expect(retryOnConflict(core(5000), () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  });

  test('is unavailable, not refused, in every operation that writes so', async () => {
    class Losing extends ReferenceStore {
      override add = () => 'conflict' as const;
      override advance = () => 'conflict' as const;
    }
    const store = new Losing();
    const sessions = createSessions({ store, timeout: 20 });
    const fence = await sessions.fence({ user: 'ann' });
    await expect(sessions.start({ user: 'ann', fence })).rejects.toMatchObject(UNAVAILABLE);
    await expect(sessions.revoke({ user: 'ann' })).rejects.toMatchObject(UNAVAILABLE);
    await expect(sessions.suspend({ realm: true })).rejects.toMatchObject(UNAVAILABLE);
  });
});

describe('sign-ins of one user', () => {
  /**
   * Makes the store answer in a later turn of the event loop, like a server. Returns a counter of the calls of `add`.
   */
  function distant(realm: Realm): () => number {
    realm.around = async (_, ask) => {
      await new Promise((resolve) => setImmediate(resolve));
      return ask();
    };
    return () => realm.calls.filter((call) => call === 'add').length;
  }

  test('take turns in one process once two have met, so that each is tried twice at most', async () => {
    const realm = new Realm();
    const fence = await realm.sessions.fence({ user: 'ann' });
    const adds = distant(realm);
    const started = await Promise.all(Array.from({ length: 32 }, () => realm.sessions.start({ user: 'ann', fence })));
    expect(started.every(({ ok }) => ok)).toBe(true);
    expect(adds()).toBeLessThan(2 * 32);
  });

  test('do not wait for those of others', async () => {
    const realm = new Realm();
    const users = ['ann', 'bob', 'carl'];
    const fences = await Promise.all(users.map((user) => realm.sessions.fence({ user })));
    const adds = distant(realm);
    await Promise.all(users.map((user, at) => realm.sessions.start({ user, fence: fences[at] ?? '' })));
    expect(adds()).toBe(3);
  });

  test('give up at the timeout, also while they wait for their turn', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    const turns = new Turns();
    let tries = 0;
    const losing = async (): Promise<'conflict'> => {
      tries += 1;
      return 'conflict';
    };
    const lost = Array.from({ length: 3 }, () =>
      expect(retryInTurn({ timeout: 30, turns }, 'ann', losing)).rejects.toMatchObject(UNAVAILABLE),
    );
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all(lost);
    expect(tries).toBeGreaterThan(5);
    expect(turns.isBusy('ann')).toBe(false);
  });

  test('do not wait for an outage one after the other', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    const turns = new Turns();
    let tries = 0;
    /** The first attempt of each caller meets a conflict. Later attempts time out, because the store is down. */
    const attempt = async (): Promise<'conflict'> => {
      tries += 1;
      if (tries <= 20) return 'conflict';
      await new Promise((resolve) => setTimeout(resolve, 30));
      throw new Error('down');
    };
    const lost = Promise.allSettled(
      Array.from({ length: 20 }, () => retryInTurn({ timeout: 30, turns }, 'ann', attempt)),
    );
    await vi.advanceTimersByTimeAsync(31);
    expect((await lost).every(({ status }) => status === 'rejected')).toBe(true);
    expect(tries).toBe(21);
  });
});

describe('a record that is read in order to be written', () => {
  // The clocks of two processes may differ by an hour.
  const LEAST = NOW + HOUR;

  /** Collects the `keepUntil` of each record that `ensureEpochs` requests. */
  function asking(realm: Realm): (number | null)[] {
    const asked: (number | null)[] = [];
    realm.around = (call, ask, [requests]) => {
      if (call === 'ensureEpochs') asked.push(...(requests as EpochRequest[]).map(({ keepUntil }) => keepUntil));
      return ask();
    };
    return asked;
  }

  test('by a revocation is kept longer by its write alone, which would be another one', async () => {
    const realm = new Realm();
    const asked = asking(realm);
    await realm.sessions.revoke({ user: 'ann' });
    await realm.sessions.revoke({ account: 'acme' });
    await realm.sessions.suspend({ user: 'ann' });
    expect(asked, 'the last one is only read').toEqual([LEAST, LEAST]);
  });

  test('by a sign-in likewise, but for those of others: they are kept for ever', async () => {
    const realm = new Realm();
    const who = { user: 'ann', account: 'acme' };
    const fence = await realm.sessions.fence(who);
    const asked = asking(realm);
    await realm.sessions.start({ ...who, fence });
    expect(asked).toEqual([null, LEAST, null, LEAST]);
  });
});
