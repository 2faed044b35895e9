import type { Awaitable, Notifier } from '../../src/adapter.ts';

type Stop = () => Awaitable<unknown>;

/** Lets several listeners share one subscription. The first listener opens it, and the last one closes it. */
export function fanOut(open: (hear: (message: unknown) => void) => Awaitable<Stop>): Notifier['subscribe'] {
  const listeners = new Set<{ readonly listener: (message: unknown) => void }>();
  let subscription: Promise<Stop> | null = null;

  const hear = (message: unknown): void => {
    for (const { listener } of [...listeners]) listener(message);
  };

  return async (listener) => {
    const entry = { listener };
    listeners.add(entry);
    subscription ??= (async () => open(hear))();
    const opened = subscription;
    const leave = async (): Promise<void> => {
      listeners.delete(entry);
      if (listeners.size > 0 || subscription !== opened) return;
      subscription = null;
      await (await opened)();
    };
    try {
      await opened;
    } catch (error) {
      listeners.delete(entry);
      if (subscription === opened) subscription = null;
      throw error;
    }
    return leave;
  };
}
