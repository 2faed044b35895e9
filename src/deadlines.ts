/** Something that is waited for, in the order in which it came. */
interface Waiting {
  readonly until: number;
  readonly late: () => void;
  before: Waiting | null;
  after: Waiting | null;
}

/**
 * Answers that are waited for equally long. One timer serves all of them: each check waits for an answer, and a timer of its
 * own would be its dearest part.
 */
export class Deadlines {
  readonly ms: number;
  #first: Waiting | null = null;
  #last: Waiting | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** Calls `late` unless what this gives is handed to {@link done} in time. Times are of the monotonic clock. */
  begin(late: () => void): object {
    const waiting: Waiting = { until: performance.now() + this.ms, late, before: this.#last, after: null };
    if (this.#last === null) this.#first = waiting;
    else this.#last.after = waiting;
    this.#last = waiting;
    // It goes on where nobody waits any more, so that the next one finds it running; but for that no process stays.
    if (this.#timer === null) this.#timer = setTimeout(this.#due, this.ms);
    else if (waiting.before === null) this.#timer.ref();
    return waiting;
  }

  done(begun: object): void {
    const waiting = begun as Waiting;
    const { before, after } = waiting;
    if (before === null) {
      if (this.#first !== waiting) return;
      this.#first = after;
    } else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    waiting.before = null;
    waiting.after = null;
    if (this.#first === null) this.#timer?.unref();
  }

  /** After what has arrived: a process that stood still has late timers, and answers that were in time. */
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
