import { onTestFinished, vi } from 'vitest';

/**
 * Stops the clock until the end of the test. Each sign-in and command then advances it by a second. So they have an
 * order, and all of them are "just now" even on a slow machine.
 */
export function standStill(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  onTestFinished(() => void vi.useRealTimers());
}

/** Advances a stopped clock by a second. */
export function aSecondLater(): void {
  if (vi.isFakeTimers()) vi.setSystemTime(Date.now() + 1_000);
}
