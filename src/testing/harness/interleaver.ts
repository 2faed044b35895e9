import type { Awaitable } from '../../lib/awaitable.ts';
import type { SessionStore } from '../../store/store.ts';
import { turn } from './bench.ts';
import { around } from './wrappers.ts';

/** The time after which a run counts as hanging, in ms. It is longer than every run that ends. */
const MAX_DURATION = 120e3;

/**
 * Lets one call of the store, or one answer, through at a time. A seed determines the order. Only delays in the tasks
 * themselves sleep, such as the core's jitter after a conflict.
 */
export class Interleaver {
  readonly #random: () => number;
  readonly #waiting: (() => Promise<void> | void)[] = [];
  #running = false;

  constructor(seed: number) {
    this.#random = mulberry32(seed);
  }

  /** A whole number from 0 to `below - 1`. */
  pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** Wraps a store. During {@link run}, the seed decides the order of its calls. */
  over(store: SessionStore): SessionStore {
    return around(store, (_, ask) => (this.#running ? this.#later(ask) : ask()));
  }

  #later<T>(ask: () => Awaitable<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const question = async (): Promise<void> => {
        let answer: () => void;
        try {
          const value = await ask();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error);
        }
        if (this.pick(2) === 0) answer();
        else this.#waiting.push(answer);
      };
      this.#waiting.push(question);
    });
  }

  async run<Tasks extends readonly (() => Promise<unknown>)[]>(
    ...tasks: Tasks
  ): Promise<{ [Task in keyof Tasks]: Awaited<ReturnType<Tasks[Task]>> }> {
    const until = performance.now() + MAX_DURATION;
    let left = tasks.length;
    this.#running = true;
    const outcomes = Promise.allSettled(tasks.map((task) => task().finally(() => left--)));
    for (await turn(); left > 0 || this.#waiting.length > 0; await turn()) {
      if (performance.now() > until) throw new Error(`the tasks did not come to an end within ${MAX_DURATION} ms`);
      // While all tasks wait for something else, no number is drawn. So their delays do not change the order.
      if (this.#waiting.length === 0) continue;
      const [next] = this.#waiting.splice(this.pick(this.#waiting.length), 1);
      await next?.();
    }
    this.#running = false;
    const values = (await outcomes).map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
    return values as { [Task in keyof Tasks]: Awaited<ReturnType<Tasks[Task]>> };
  }
}

// Returns numbers from 0 to 1.
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
