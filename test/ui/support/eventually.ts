import { expect } from 'vitest';
import { PATIENCE } from './patience.ts';

/** Expects something to become true, also on a machine that is busy with other things. */
export const eventually: typeof expect.poll = (ask, options) =>
  expect.poll(ask, { timeout: PATIENCE, interval: 25, ...options });
