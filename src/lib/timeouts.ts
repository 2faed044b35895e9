interface Waiting {
  readonly until: number;
  readonly late: () => void;
  before: Waiting | null;
  after: Waiting | null;
}

/** Serves all waits of one time limit with one timer. A timer for each check would be the most expensive part of the check. */
export class Timeouts {
  readonly ms: number;
  #first: Waiting | null = null;
  #last: Waiting | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** Calls `late` unless {@link done} gets the returned handle in time, by the monotonic clock. */
  begin(late: () => void): object {
    const waiting: Waiting = { until: performance.now() + this.ms, late, before: this.#last, after: null };
    if (this.#last === null) this.#first = waiting;
    else this.#last.after = waiting;
    this.#last = waiting;
    // The timer keeps running for the next wait. While nothing waits, it is unreferenced and keeps no process alive.
    if (this.#timer === null) this.#timer = setTimeout(this.#due, this.ms);
    else if (waiting.before === null) this.#timer.ref();
    return waiting;
  }

  /** Returns `false` if the wait has already ended or timed out. */
  done(begun: object): boolean {
    const waiting = begun as Waiting;
    const { before, after } = waiting;
    if (before === null) {
      if (this.#first !== waiting) return false;
      this.#first = after;
    } else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    waiting.before = null;
    waiting.after = null;
    if (this.#first === null) this.#timer?.unref();
    return true;
  }

  /** Waits for pending I/O: in a process that was blocked, the timers are late although the answers have arrived. */
  readonly #due = (): void => void setImmediate(() => this.#fire());

  #fire(): void {
    const now = performance.now();
    while (this.#first !== null && this.#first.until <= now) {
      const waiting = this.#first;
      this.done(waiting);
      waiting.late();
    }
    // Timers may fire a little early.
    this.#timer = this.#first === null ? null : setTimeout(this.#due, Math.max(Math.ceil(this.#first.until - now), 1));
  }
}
