import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSessions } from '../../../src/create-sessions.ts';
import { userTag } from '../../../src/model/token.ts';
import type { PruneBatch, Pruned, SessionStore } from '../../../src/store/store.ts';
import { ReferenceStore } from '../../model/reference-store.ts';
import { HOUR, NOW, Realm } from '../support/realm.ts';

const MAX_TIMER = 2 ** 31 - 1;

function open(batches: Partial<Pruned>[] | (() => Pruned | Promise<Pruned>) = []) {
  const asked: PruneBatch[] = [];
  const prune = (batch: PruneBatch): Pruned | Promise<Pruned> => {
    asked.push(batch);
    return typeof batches === 'function'
      ? batches()
      : { sessions: 0, epochs: 0, more: false, after: null, ...batches[asked.length - 1] };
  };
  const store: SessionStore = Object.assign(new ReferenceStore(), { prune });
  return { asked, sessions: createSessions({ store, clock: { now: () => NOW }, retention: '2d' }) };
}

describe('pruning', () => {
  test('goes on where the last batch ended, until there is no more, and adds up', async () => {
    const { asked, sessions } = open([
      { sessions: 200, epochs: 7, more: true, after: 'a' },
      { sessions: 0, epochs: 0, more: true, after: 'b' },
      { sessions: 3, epochs: 1 },
    ]);
    const told = vi.fn();
    sessions.on('sessions.pruned', told);
    expect(await sessions.prune()).toEqual({ sessions: 203, epochs: 8, entries: 0, messages: 0 });
    expect(asked.map(({ after }) => after)).toEqual([null, 'a', 'b']);
    expect(told).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ sessions: 203, epochs: 8, entries: 0, messages: 0 }),
    );
  });

  test('keeps what is over for the retention, and records for the hour that clocks may be apart', async () => {
    const { asked, sessions } = open();
    await sessions.prune();
    expect(asked[0]).toMatchObject({ sessionsBefore: NOW - 48 * HOUR, epochsBefore: NOW - HOUR, after: null });
    expect(asked[0]!.limit).toBeGreaterThan(0);
  });

  test('keeps a session whose records are lost for the retention from its last use on', async () => {
    const realm = new Realm({ retention: '2d', lifetime: { absolute: null, idle: null } });
    const { session, token } = await realm.signIn();
    realm.store.lose(userTag('default', 'ann'));
    expect(await realm.word(token)).toBe('revoked');
    realm.now += 48 * HOUR - 1;
    expect(await realm.sessions.prune()).toMatchObject({ sessions: 0 });
    expect(realm.store.row(session.id)).not.toBeNull();
    realm.now += 1;
    expect(await realm.sessions.prune()).toMatchObject({ sessions: 1 });
  });

  test('of the log goes on in batches while there is more, also where this realm logs nothing', async () => {
    const asked: [number, number][] = [];
    const left = [50, 50, 7];
    const prune = (before: number, limit: number): number => {
      asked.push([before, limit]);
      return left.shift() ?? 0;
    };
    const store = new ReferenceStore();
    Object.assign(store.log, { prune });
    const sessions = createSessions({ store, clock: { now: () => NOW } });
    expect(await sessions.prune()).toMatchObject({ entries: 107 });
    expect(asked).toEqual(Array(3).fill([NOW - HOUR, 50]));
  });

  test('takes larger batches where the store answers quickly, and smaller ones where others would wait', async () => {
    const times = [1, 1, 20, 100, 100, 100];
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const { asked, sessions } = open(async () => {
      now += times.shift() ?? 0;
      return { sessions: 0, epochs: 0, more: times.length > 0, after: null };
    });
    await sessions.prune();
    clock.mockRestore();
    expect(asked.map(({ limit }) => limit)).toEqual([200, 400, 800, 800, 400, 200]);
  });

  test('takes at most 10,000 at once', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    let left = 10;
    const { asked, sessions } = open(async () => ({ sessions: 0, epochs: 0, more: --left > 0, after: null }));
    await sessions.prune();
    clock.mockRestore();
    expect(asked.at(-1)?.limit).toBe(10_000);
  });

  test('removes nothing where the clock of this process is more than an hour ahead of the store’s', async () => {
    const prune = vi.fn(() => ({ sessions: 0, epochs: 0, more: false, after: null }));
    let ahead = 2.5 * HOUR;
    const powers = { diagnosis: { clock: () => Date.now() - ahead } } as never;
    const sessions = createSessions({ store: Object.assign(new ReferenceStore(), { prune, powers }) });
    await expect(sessions.prune()).rejects.toMatchObject({
      code: 'SESSION_STORE_UNSAFE',
      message: expect.stringMatching(/is 2\.5 h ahead of the store's: nothing was pruned/),
    });
    expect(prune).not.toHaveBeenCalled();
    for (ahead of [0.5 * HOUR, -2.5 * HOUR]) await sessions.prune();
    expect(prune).toHaveBeenCalledTimes(2);
  });

  test('tells after each batch how far it is', async () => {
    const { sessions } = open([
      { sessions: 200, more: true },
      { sessions: 3, epochs: 2 },
    ]);
    const told: unknown[] = [];
    await sessions.prune({ progress: (soFar) => told.push(soFar) });
    const done = { sessions: 203, epochs: 2, entries: 0, messages: 0 };
    expect(told).toEqual([{ sessions: 200, epochs: 0, entries: 0, messages: 0 }, done, done]);
    // @ts-expect-error
    await expect(sessions.prune({ onProgress: () => {} })).rejects.toThrow(/"onProgress"/);
  });

  test('lets everything else have its turn between two batches', async () => {
    const order: string[] = [];
    const { sessions } = open([{ more: true }, { more: true }, {}]);
    const pruning = sessions.prune().then(() => order.push('pruned'));
    setImmediate(() => order.push('a request'));
    await pruning;
    expect(order).toEqual(['a request', 'pruned']);
  });
});

describe('pruning in the background', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const delays = (): number[] => vi.mocked(setTimeout).mock.calls.map(([, ms]) => ms ?? 0);

  test('waits for half to one and a half of the time, so that processes do not prune together', () => {
    vi.spyOn(globalThis, 'setTimeout');
    for (const random of [0, 0.25, 0.999]) {
      vi.spyOn(Math, 'random').mockReturnValue(random);
      open().sessions.startPruning({ every: '2h' })();
    }
    expect(delays()).toEqual([HOUR, 1.5 * HOUR, 2 * HOUR * 1.499]);
  });

  test('never sets a timer that Node fires at once: over 2^31 - 1 ms', async () => {
    vi.spyOn(globalThis, 'setTimeout');
    vi.spyOn(Math, 'random').mockReturnValue(0.9);
    for (const every of ['24d', '25d', '5000w'] as const) open().sessions.startPruning({ every })();
    expect(delays()).toEqual([MAX_TIMER, MAX_TIMER, MAX_TIMER]);
  });

  test('does not keep the process alive', () => {
    const timer = vi.spyOn(globalThis, 'setTimeout');
    open().sessions.startPruning();
    expect((timer.mock.results[0]!.value as NodeJS.Timeout).hasRef()).toBe(false);
  });

  test('goes on from time to time until it is stopped', async () => {
    const { asked, sessions } = open();
    const stop = sessions.startPruning({ every: '1h' });
    for (let rounds = 1; rounds <= 3; rounds++) {
      await vi.advanceTimersByTimeAsync(1.5 * HOUR);
      expect(asked.length).toBeGreaterThanOrEqual(rounds);
    }
    const before = asked.length;
    stop();
    stop();
    await vi.advanceTimersByTimeAsync(10 * HOUR);
    expect(asked).toHaveLength(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('goes on after a failure, and tells of it', async () => {
    const { asked, sessions } = open(() => Promise.reject(new Error('down')));
    const failed = vi.fn();
    sessions.on('background.failed', failed);
    const stop = sessions.startPruning({ every: '1h' });
    await vi.advanceTimersByTimeAsync(4 * HOUR);
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(failed.mock.calls[0]![0]).toMatchObject({
      operation: 'prune',
      error: { code: 'SESSION_STORE_UNAVAILABLE' },
    });
    stop();
  });

  test('does not begin again where it is stopped while it prunes', async () => {
    let finish: (done: Pruned) => void = () => {};
    const { asked, sessions } = open(
      () =>
        new Promise<Pruned>((resolve) => {
          finish = resolve;
        }),
    );
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const stop = sessions.startPruning({ every: '1h' });
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(asked).toHaveLength(1);
    stop();
    finish({ sessions: 0, epochs: 0, more: false, after: null });
    await vi.advanceTimersByTimeAsync(10 * HOUR);
    expect(asked).toHaveLength(1);
  });

  test('ends when the sessions are closed', async () => {
    const { asked, sessions } = open();
    sessions.startPruning({ every: '1h' });
    sessions.startPruning({ every: '2h' });
    await sessions.close();
    await vi.advanceTimersByTimeAsync(10 * HOUR);
    expect(asked).toHaveLength(0);
  });

  test.each([0, -1, '0s', 'often', {}])('every %o is misuse', (every) => {
    expect(() => open().sessions.startPruning({ every: every as never })).toThrow(TypeError);
  });
});
