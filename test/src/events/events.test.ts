import { describe, expect, test, vi } from 'vitest';
import type { SessionEventDetails } from '../../../src/events/event-types.ts';
import { Events } from '../../../src/events/events.ts';

const NOW = 1_800_000_000_000;
const DEVICE = { label: 'Chrome on Mac OS', browser: 'Chrome', os: 'Mac OS', type: 'desktop', ip: null } as const;
const ENDED: SessionEventDetails['session.ended'] = {
  ...{ session: 'i', user: 'ann', account: null, device: DEVICE },
  ...{ by: 'admin', reason: 'x', note: null, fromDevice: null },
};
const open = (): Events => new Events('shop', () => NOW);

// Returns the process's warnings. A listener's error becomes a warning if `background.failed` has no listener.
const warned = async (act: (events: Events) => void): Promise<string[]> => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  act(open());
  await new Promise((resolve) => setImmediate(resolve));
  const words = warn.mock.calls.map(([text]) => String(text));
  warn.mockRestore();
  return words;
};

describe('events', () => {
  test('OPS-3: tell what, in which realm, and when, in the order they happen', () => {
    const events = open();
    const seen: unknown[] = [];
    events.on('session.ended', (event) => seen.push(event));
    events.on('sessions.pruned', (event) => seen.push(event.sessions));
    events.emit('session.ended', ENDED);
    events.emit('sessions.pruned', { sessions: 3, epochs: 1, entries: 0, messages: 0 });
    events.emit('session.ended', { ...ENDED, session: 'j' });
    const told = { ...ENDED, type: 'session.ended', realm: 'shop', at: NOW };
    expect(seen).toEqual([told, 3, { ...told, session: 'j' }]);
    expect(Object.isFrozen(seen[0])).toBe(true);
  });

  test('reach every listener, also one that was there already, until it stops', () => {
    const events = open();
    const listener = vi.fn();
    const stops = [events.on('session.ended', listener), events.on('session.ended', listener)];
    events.emit('session.ended', ENDED);
    expect(listener).toHaveBeenCalledTimes(2);
    stops[0]!();
    stops[0]!();
    events.emit('session.ended', ENDED);
    expect(listener).toHaveBeenCalledTimes(3);
    stops[1]!();
    events.emit('session.ended', ENDED);
    expect(listener).toHaveBeenCalledTimes(3);
  });

  test('let a listener stop itself and start others while it is told', () => {
    const events = open();
    const late = vi.fn();
    const stop = events.on('session.ended', () => {
      stop();
      events.on('session.ended', late);
    });
    events.emit('session.ended', ENDED);
    expect(late).not.toHaveBeenCalled();
    events.emit('session.ended', ENDED);
    expect(late).toHaveBeenCalledTimes(1);
  });

  test('cost nothing where nobody listens', () => {
    expect(() => open().emit('session.ended', ENDED)).not.toThrow();
  });
});

describe("a listener's failure", () => {
  const broken: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('boom');
      },
    ],
  ];

  test.each(broken)('%s: fails neither what happened nor the other listeners, and is told', async (_, listener) => {
    const events = open();
    const [failed, other] = [vi.fn(), vi.fn()];
    events.on('background.failed', failed);
    events.on('session.ended', listener);
    events.on('session.ended', other);
    events.emit('session.ended', ENDED);
    await new Promise((resolve) => setImmediate(resolve));
    expect(other).toHaveBeenCalledTimes(1);
    expect(failed).toHaveBeenCalledTimes(1);
    expect(failed.mock.calls[0]![0]).toMatchObject({
      operation: 'listener of session.ended',
      error: new Error('boom'),
    });
  });

  test.each(broken)('%s: is a warning of the process where nobody listens to that', async (_, listener) => {
    const words = await warned((events) => {
      events.on('session.ended', listener);
      events.emit('session.ended', ENDED);
    });
    expect(words).toEqual(['listener of session.ended failed: boom']);
  });

  test.each(broken)('%s: of background.failed itself is a warning, not a circle', async (_, listener) => {
    const words = await warned((events) => {
      events.on('background.failed', listener);
      events.emit('background.failed', { operation: 'touch', error: new Error('down') });
    });
    expect(words).toEqual(['listener of background.failed failed: boom']);
  });

  test('is told where the event waited for the commit of a transaction', () => {
    const events = open();
    const failed = vi.fn();
    events.on('background.failed', failed);
    events.on('session.ended', () => {
      throw new Error('boom');
    });
    const held = events.hold();
    held.emit('session.ended', ENDED);
    expect(failed).not.toHaveBeenCalled();
    held.release();
    expect(failed.mock.calls).toMatchObject([[{ operation: 'listener of session.ended', error: new Error('boom') }]]);
  });

  test('in the background is a warning where nobody listens', async () => {
    expect(await warned((events) => events.emit('background.failed', { operation: 'touch', error: 'down' }))).toEqual([
      'touch failed: down',
    ]);
  });
});

describe('misuse', () => {
  test.each([undefined, null, {}, 'x'])('a listener of %o', (listener) => {
    expect(() => open().on('session.ended', listener as never)).toThrow('a listener must be a function');
  });

  test.each(['session.end', '', 'toString', '__proto__', undefined])('an event of the name %o', (type) => {
    expect(() => open().on(type as never, () => {})).toThrow(
      /^there is no event .*; (did you mean session\.ended\? K|k)nown are session\.started, /,
    );
  });
});
