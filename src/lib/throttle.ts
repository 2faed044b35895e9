const WINDOW = 60e3;

/** Passes one item of each type per minute, and at most `max` items in all. Counts the others. */
export class Throttle {
  readonly #max: number;
  #passed = new Set<string>();
  #until = 0;
  #omitted = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns how many items were held back since the last one that passed; `null` if this one is held back too. */
  admit(sort: string, now: number): number | null {
    // A clock that was set back also starts a new minute.
    if (now >= this.#until || now < this.#until - WINDOW) {
      this.#until = now + WINDOW;
      this.#passed = new Set();
    }
    if (this.#passed.has(sort) || this.#passed.size >= this.#max) {
      this.#omitted++;
      return null;
    }
    this.#passed.add(sort);
    const omitted = this.#omitted;
    this.#omitted = 0;
    return omitted;
  }
}
