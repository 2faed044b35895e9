import { afterAll, vi } from 'vitest';

// Files that share a process share its clock, its environment and its global functions.
const clock = (): readonly unknown[] => [globalThis.setTimeout, globalThis.setInterval, globalThis.Date];
const before = clock();

afterAll(() => {
  // The order matters: a mock may wrap a fake timer.
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  if (clock().some((one, at) => one !== before[at])) {
    throw new Error('this file leaves a false clock to the next one in its process');
  }
});
