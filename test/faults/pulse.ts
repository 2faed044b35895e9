import { monotonic } from '../concurrency/recorder.ts';

const BEAT = 50;

/**
 * Measures how long this process has run, by a timer on its event loop. If the machine stalls, or gives this process no
 * time, this clock stops, too. So a call counts as late only if the process had time for it.
 */
export class Pulse {
  readonly #beats: number[] = [];
  readonly #timer: NodeJS.Timeout = setInterval(() => this.#beats.push(monotonic()), BEAT).unref();

  /** Returns the running time between two moments, in ms, with an error of one beat. */
  between(from: number, to: number): number {
    return (this.#countUntil(to) - this.#countUntil(from)) * BEAT;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #countUntil(time: number): number {
    let [low, high] = [0, this.#beats.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#beats[middle] ?? Number.POSITIVE_INFINITY) > time) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
