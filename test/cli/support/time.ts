import { onTestFinished, vi } from 'vitest';

/**
 * Until the test is over, it is always now, but for a second between one sign-in or command and the next: so they have an
 * order, and all of them were "just now", however slow the machine is.
 */
export function standStill(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  onTestFinished(() => void vi.useRealTimers());
}

/** Where time stands still, it is a second later. */
export function aSecondLater(): void {
  if (vi.isFakeTimers()) vi.setSystemTime(Date.now() + 1_000);
}
