/** Tells the time. Clocks serve expiry and display only; they never decide who was revoked. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
}

/** The machine's wall clock, the default. */
export const systemClock: Clock = { now: () => Date.now() };
