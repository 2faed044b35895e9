import { memoryStore } from 'session-revocation/memory';
import type { Notifier } from 'session-revocation/notifiers';
import { type NotifierPlace, notifierContract } from 'session-revocation/testing';
import { describe, expect, test } from 'vitest';
import { fanOut } from '../../adapters/notifiers/fan-out.ts';

type Listener = (message: unknown) => void;
type Bus = Map<string, Set<Listener>>;

/** A correct notifier. It delivers at once, within this process. */
const sound = (bus: Bus, channel: string): Notifier => {
  const listeners = bus.get(channel) ?? new Set();
  bus.set(channel, listeners);
  return {
    publish: (message) => {
      for (const listener of [...listeners]) listener(message);
    },
    subscribe: fanOut((hear) => {
      listeners.add(hear);
      return () => listeners.delete(hear);
    }),
  };
};

type Breaking = (notifier: Notifier, bus: Bus) => Notifier;

const BROKEN: Readonly<Record<string, readonly [caseId: string, Breaking]>> = {
  'sends nothing': ['arrives', (notifier) => ({ ...notifier, publish: () => {} })],
  'sends all twice': [
    'arrives',
    (notifier) => ({
      ...notifier,
      publish: async (message) => {
        await notifier.publish(message);
        await notifier.publish(message);
      },
    }),
  ],
  'cuts long messages': [
    'longest-message',
    (notifier) => ({ ...notifier, publish: (message) => notifier.publish(message.slice(0, 4096)) }),
  ],
  'keeps only the last listener': [
    'several-listeners',
    (notifier) => {
      let last: Listener = () => {};
      return {
        ...notifier,
        subscribe: (listener) => {
          last = listener;
          return notifier.subscribe((message) => {
            if (listener === last) listener(message);
          });
        },
      };
    },
  ],
  'stops all listeners with one': [
    'several-listeners',
    (notifier) => {
      let isOver = false;
      return {
        ...notifier,
        subscribe: async (listener) => {
          await notifier.subscribe((message) => isOver || listener(message));
          return () => {
            isOver = true;
          };
        },
      };
    },
  ],
  'never stops': [
    'listens-again',
    (notifier) => ({
      ...notifier,
      subscribe: async (listener) => {
        await notifier.subscribe(listener);
        return () => {};
      },
    }),
  ],
  'has one channel': ['channels', (_, bus) => sound(bus, 'all')],
  'does not publish while it listens': [
    'both-ways',
    (notifier) => {
      let listens = false;
      return {
        publish: (message) => (listens ? undefined : notifier.publish(message)),
        subscribe: (listener) => {
          listens = true;
          return notifier.subscribe(listener);
        },
      };
    },
  ],
  'changes letters': [
    'revocation',
    (notifier) => ({ ...notifier, publish: (message) => notifier.publish(message.toUpperCase()) }),
  ],
};

const placeOf = (breaking: Breaking) => (): NotifierPlace => {
  const bus: Bus = new Map();
  const open = (channel: string): Notifier => breaking(sound(bus, channel), bus);
  return { one: open('own'), other: open('own'), foreign: open('foreign') };
};

const casesOf = (breaking: Breaking) =>
  notifierContract({ create: placeOf(breaking), createStore: memoryStore, timeout: 1_000 });

describe('the contract of notifiers', { timeout: 60_000 }, () => {
  test.each(casesOf((notifier) => notifier))('$id passes on a sound one', ({ run }) => run());

  test.concurrent.each(Object.entries(BROKEN))('finds one that %s', async (_, [caseId, breaking]) => {
    const found = casesOf(breaking).find(({ id }) => id === `notifier/${caseId}`);
    await expect(found?.run()).rejects.toThrow();
  });
});
