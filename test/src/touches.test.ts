import { describe, expect, test, vi } from 'vitest';
import { Events } from '../../src/events.ts';
import type { SessionRecord } from '../../src/session.ts';
import type { SessionStore, Touch } from '../../src/store.ts';
import { Touches } from '../../src/touches.ts';

const session = (id: string): SessionRecord => ({ id, userTag: `of ${id}` }) as SessionRecord;

function open(touch: (touches: readonly Touch[]) => void | Promise<void> = () => {}) {
  const written: (readonly Touch[])[] = [];
  const store = {
    touch: (touches: readonly Touch[]) => {
      written.push(touches);
      return touch(touches);
    },
  } as SessionStore;
  const events = new Events('default', () => 0);
  return { written, events, touches: new Touches(store, events) };
}

describe('uses', () => {
  test('of one turn go out together, once for each session, after the answers of that turn', async () => {
    const { written, touches } = open();
    touches.note(session('a'), 1);
    touches.note(session('b'), 2);
    touches.note(session('a'), 3);
    await Promise.resolve();
    expect(written).toEqual([]);
    await touches.settled();
    expect(written).toEqual([
      [
        { id: 'a', user: 'of a', at: 3 },
        { id: 'b', user: 'of b', at: 2 },
      ],
    ]);
  });

  test('that come while others are written go out behind them, and none is lost', async () => {
    const release: (() => void)[] = [];
    const { written, touches } = open(() => new Promise((resolve) => release.push(resolve)));
    touches.note(session('a'), 1);
    await vi.waitUntil(() => release.length === 1);
    touches.note(session('b'), 2);
    touches.note(session('c'), 3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toHaveLength(1);
    release[0]!();
    await vi.waitUntil(() => release.length === 2);
    release[1]!();
    await touches.settled();
    expect(written.map((batch) => batch.map(({ id }) => id))).toEqual([['a'], ['b', 'c']]);
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
    const { written, events, touches } = open(() => (times++ === 0 ? fail() : undefined));
    const failed = vi.fn();
    events.on('background.failed', failed);
    touches.note(session('a'), 1);
    await touches.settled();
    expect(failed).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ operation: 'touch', error: new Error('down') }),
    );
    touches.note(session('a'), 2);
    await touches.settled();
    expect(written).toHaveLength(2);
  });

  test('are settled at once where there are none', async () => {
    const { written, touches } = open();
    await touches.settled();
    expect(written).toEqual([]);
  });
});
