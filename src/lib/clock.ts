/** Tells the time. Clocks serve expiry and display only. They never decide which sessions were revoked. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** @throws `TypeError` if the clock returns no valid time, because no session can be judged by it. */
export function timeOf(clock: Clock): number {
  const told: unknown = clock.now();
  // JavaScript would count a `null` or a text as a number. With a time in 1970, nothing would expire.
  const now = typeof told === 'number' ? Math.floor(told) : Number.NaN;
  if (Number.isSafeInteger(now) && now >= 0) return now;
  throw new TypeError(`clock.now() gave ${String(told)}, which is no Unix time in ms`);
}

/** The longest difference between the clocks of two processes, in ms. Pruning keeps everything for at least that long. */
export const CLOCKS_APART = 3600e3;
