/** A moment by two clocks. */
export interface Moment {
  /** Of the monotonic clock, ms. */
  readonly steady: number;
  /** Unix ms. */
  readonly wall: number;
}

export const momentOf = (wall: number): Moment => ({ steady: performance.now(), wall });

/** In ms, the greater one by both clocks. The monotonic clock may stand while the machine sleeps, and the other one may be set. */
export const ageOf = ({ steady, wall }: Moment, now: Moment): number => Math.max(now.steady - steady, now.wall - wall);
