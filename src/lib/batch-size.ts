import { type Awaitable, isPromise } from './awaitable.ts';

const MOST = 10_000;
/** In ms. If a batch was faster, the next one has twice the size: a round trip costs more than its work. */
const QUICK = 10;
/** In ms. If a batch was slower, the next one has half the size: other callers wait for it. */
const SLOW = 40;

/** Adapts the size of batches to the time that the last one took, so that other callers wait little. */
export class BatchSize {
  readonly #least: number;
  #size: number;

  constructor(least: number) {
    this.#least = least;
    this.#size = least;
  }

  get size(): number {
    return this.#size;
  }

  /** Runs a batch, and adapts the size to its time. A synchronous answer blocks this process, so the size then stays as it is. */
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
