/** Tells the time. Clocks serve expiry and display only; they never decide who was revoked. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
}

/** The machine's wall clock, the default. */
export const systemClock: Clock = { now: () => Date.now() };

/**
 * The time, in whole ms.
 * @throws `TypeError` for a clock that tells none: nothing can be judged by it.
 */
export function timeOf(clock: Clock): number {
  const now = Math.floor(clock.now());
  if (Number.isSafeInteger(now) && now >= 0) return now;
  throw new TypeError(`clock.now() gave ${now}, which is no Unix time in ms`);
}

/** How far apart the clocks of processes may be, in ms: pruning keeps everything for at least so long. */
export const CLOCKS_APART = 3600e3;
