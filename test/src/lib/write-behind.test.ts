import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Events } from '../../../src/events/events.ts';
import { WriteBehind } from '../../../src/lib/write-behind.ts';

type Use = readonly [id: string, at: number];

/** Options for waiting. A condition becomes true within a few turns, but these may take long on a busy machine. */
const PATIENTLY = { timeout: 60_000, interval: 0 };

function open(write: (uses: readonly Use[]) => void | Promise<void> = () => {}, maxKept?: number) {
  const written: (readonly Use[])[] = [];
  const events = new Events('default', () => 0);
  const notes = new WriteBehind<Use>(
    'touch',
    (uses) => {
      written.push(uses);
      return write(uses);
    },
    (failure) => events.emit('background.failed', failure),
    maxKept,
  );
  const note = (...use: Use): void => notes.note(use[0], use);
  return { written, events, note, notes };
}

describe('notes', () => {
  test('of one turn go out together, of each key the last one, after the answers of that turn', async () => {
    const { written, note, notes } = open();
    note('a', 1);
    note('b', 2);
    note('a', 3);
    await Promise.resolve();
    expect(written).toEqual([]);
    await notes.settled();
    expect(written).toEqual([
      [
        ['a', 3],
        ['b', 2],
      ],
    ]);
  });

  test('that come while others are written go out behind them, and none is lost', async () => {
    const release: (() => void)[] = [];
    const { written, note, notes } = open(() => new Promise((resolve) => release.push(resolve)));
    note('a', 1);
    await vi.waitUntil(() => release.length === 1, PATIENTLY);
    note('b', 2);
    note('c', 3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toHaveLength(1);
    release[0]!();
    await vi.waitUntil(() => release.length === 2, PATIENTLY);
    release[1]!();
    await notes.settled();
    expect(written.map((batch) => batch.map(([id]) => id))).toEqual([['a'], ['b', 'c']]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('down');
      },
    ],
  ])('that a store %s at are told of, and the next ones are written', async (_, fail) => {
    let times = 0;
    const { written, events, note, notes } = open(() => (times++ === 0 ? fail() : undefined));
    const failed = vi.fn();
    events.on('background.failed', failed);
    note('a', 1);
    await notes.settled();
    expect(failed).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ operation: 'touch', error: new Error('down') }),
    );
    note('a', 2);
    await notes.settled();
    expect(written).toHaveLength(2);
  });

  test('are settled at once where there are none', async () => {
    const { written, notes } = open();
    await notes.settled();
    expect(written).toEqual([]);
  });
});

describe('notes that could not be written', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const SECOND = 1000;
  const broken = (maxKept?: number) => {
    const state = { down: true };
    const opened = open(() => (state.down ? Promise.reject(new Error('down')) : undefined), maxKept);
    const failed = vi.fn();
    opened.events.on('background.failed', failed);
    return { ...opened, failed, state };
  };
  const passed = async (ms: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  test('are gone where they are not of a sort that is kept', async () => {
    const { written, note, notes, state } = broken();
    note('a', 1);
    await notes.settled();
    state.down = false;
    await passed(10 * SECOND);
    expect([written.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  test('are tried again a second later, and two seconds after that, until they are written', async () => {
    const { written, note, notes, failed, state } = broken(10);
    note('a', 1);
    await notes.settled();
    await passed(SECOND - 1);
    expect(written).toHaveLength(1);
    await passed(1);
    expect(written).toHaveLength(2);
    state.down = false;
    await passed(2 * SECOND - 1);
    expect(written).toHaveLength(2);
    await passed(1);
    expect(written).toEqual(Array(3).fill([['a', 1]]));
    await passed(10 * SECOND);
    expect([written.length, failed.mock.calls.length, vi.getTimerCount()]).toEqual([3, 2, 0]);
  });

  test('go out with the next ones, each once, in their order; of one key the latest counts', async () => {
    const { written, note, notes, state } = broken(10);
    note('a', 1);
    note('b', 1);
    await notes.settled();
    state.down = false;
    note('b', 2);
    note('c', 2);
    await notes.settled();
    expect(written.at(-1)).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 2],
    ]);
    await passed(10 * SECOND);
    expect([written.length, vi.getTimerCount()]).toEqual([2, 0]);
  });

  test('do not stand over what was noted while they were written', async () => {
    let fail = (): void => {};
    const { written, note, notes } = open((uses) => {
      if (uses.length > 1) return;
      return new Promise((_, reject) => {
        fail = () => reject(new Error('down'));
      });
    }, 10);
    note('a', 1);
    await vi.waitUntil(() => written.length === 1, PATIENTLY);
    note('b', 2);
    note('a', 3);
    fail();
    await notes.settled();
    expect(written.at(-1)).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  test('are tried at once where somebody waits for them', async () => {
    const { written, note, notes, state } = broken(10);
    note('a', 1);
    await notes.settled();
    state.down = false;
    await notes.settled();
    expect(written).toEqual([[['a', 1]], [['a', 1]]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('are kept up to a number, and do not keep the process alive', async () => {
    const timer = vi.spyOn(globalThis, 'setTimeout');
    const { written, note, notes, state } = broken(3);
    for (let at = 0; at < 5; at++) note(`${at}`, at);
    await notes.settled();
    expect((timer.mock.results[0]!.value as NodeJS.Timeout).hasRef()).toBe(false);
    state.down = false;
    await notes.settled();
    expect(written.at(-1)).toHaveLength(3);
    timer.mockRestore();
  });
});
