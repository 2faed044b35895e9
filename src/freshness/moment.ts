/** A moment by two clocks. */
export interface Moment {
  /** Of the monotonic clock, ms. */
  readonly steady: number;
  /** Unix ms. */
  readonly wall: number;
}

export const momentOf = (wall: number): Moment => ({ steady: performance.now(), wall });

/**
 * Returns the age of a moment in ms: the greater of its ages by the two clocks. The monotonic clock may stand while the machine sleeps,
 * and the wall clock may be set.
 */
export const ageOf = ({ steady, wall }: Moment, now: Moment): number => Math.max(now.steady - steady, now.wall - wall);
