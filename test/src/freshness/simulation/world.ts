/** A random number generator that repeats its sequence for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns a number from 0 (inclusive) to 1 (exclusive). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  falls(probability: number): boolean {
    return this.next() < probability;
  }
}

interface Due {
  readonly at: number;
  readonly run: () => void | Promise<void>;
}

/** The true time in ms, and the scheduled actions. */
export class World {
  readonly dice: Dice;
  now = 0;
  #due: Due[] = [];

  constructor(seed: number) {
    this.dice = new Dice(seed);
  }

  in(ms: number, run: Due['run']): void {
    const due = { at: this.now + ms, run };
    // A binary heap in an array. The earliest action comes first.
    let at = this.#due.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#due[parent]!.at <= due.at) break;
      this.#due[at] = this.#due[parent]!;
      at = parent;
    }
    this.#due[at] = due;
  }

  /** Lets time pass, and runs the actions that become due. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    while (this.#due.length > 0 && this.#due[0]!.at <= until) {
      const { at, run } = this.#take();
      this.now = Math.max(this.now, at);
      await run();
    }
    this.now = until;
  }

  #take(): Due {
    const [first] = this.#due as [Due];
    const last = this.#due.pop()!;
    const { length } = this.#due;
    for (let at = 0; length > 0; ) {
      let child = 2 * at + 1;
      if (child + 1 < length && this.#due[child + 1]!.at < this.#due[child]!.at) child++;
      if (child >= length || this.#due[child]!.at >= last.at) {
        this.#due[at] = last;
        break;
      }
      this.#due[at] = this.#due[child]!;
      at = child;
    }
    return first;
  }
}
