import type { Awaitable } from './store.ts';
import { isPromise } from './store-guard.ts';

/** The most that one batch is asked for. */
const MOST = 10_000;
/** A batch that took less time, in ms, may be twice as large: the round trip costs more than the work. */
const QUICK = 10;
/** Everybody else waits for one that took more. */
const SLOW = 40;

/** How large batches are, so that a long work gets on and nobody beside it waits for long: by the time that the last one took. */
export class Pace {
  readonly #least: number;
  #size: number;

  constructor(least: number) {
    this.#least = least;
    this.#size = least;
  }

  get size(): number {
    return this.#size;
  }

  /** What is answered at once holds up this process: such batches stay as small as they began. */
  async measure<T>(ask: () => Awaitable<T>): Promise<T> {
    const began = performance.now();
    const answer = ask();
    if (!isPromise(answer)) return answer;
    const value = await answer;
    const took = performance.now() - began;
    if (took < QUICK) this.#size = Math.min(this.#size * 2, MOST);
    else if (took > SLOW) this.#size = Math.max(Math.ceil(this.#size / 2), this.#least);
    return value;
  }
}
