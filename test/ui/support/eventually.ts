import { expect } from 'vitest';

/** Expects something to become true, also on a machine that is busy with other things. */
export const eventually: typeof expect.poll = (ask, options) =>
  expect.poll(ask, { timeout: 10_000, interval: 25, ...options });
