const WINDOW = 60e3;

/** Lets pass one of a sort in a minute, and so many of all sorts together; counts what it keeps back. */
export class Throttle {
  readonly #most: number;
  #passed = new Set<string>();
  #until = 0;
  #omitted = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many were kept back since the last one that passed; `null` where this one is kept back, too. */
  admit(sort: string, now: number): number | null {
    // A clock that was set back begins another minute, too.
    if (now >= this.#until || now < this.#until - WINDOW) {
      this.#until = now + WINDOW;
      this.#passed = new Set();
    }
    if (this.#passed.has(sort) || this.#passed.size >= this.#most) {
      this.#omitted++;
      return null;
    }
    this.#passed.add(sort);
    const omitted = this.#omitted;
    this.#omitted = 0;
    return omitted;
  }
}
