import { expect } from 'vitest';
import { WAIT_TIMEOUT } from './timeouts.ts';

/** Like `expect.poll`, with a time limit that suffices on a busy machine. */
export const eventually: typeof expect.poll = (ask, options) =>
  expect.poll(ask, { timeout: WAIT_TIMEOUT, interval: 25, ...options });
