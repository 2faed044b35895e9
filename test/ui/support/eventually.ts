import { expect } from 'vitest';
import { WAIT_TIMEOUT } from './timeouts.ts';

/** Expects something to become true, also on a machine that is busy with other things. */
export const eventually: typeof expect.poll = (ask, options) =>
  expect.poll(ask, { timeout: WAIT_TIMEOUT, interval: 25, ...options });
