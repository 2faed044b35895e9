import { monotonic } from '../concurrency/recorder.ts';

const BEAT = 50;

/**
 * The time that this process had, as its event loop beats: at most once in a turn. A machine that stands still, or has no time
 * for this process, stops this clock, too, so that nothing is late by it but what was left undone.
 */
export class Pulse {
  readonly #beats: number[] = [];
  readonly #timer: NodeJS.Timeout = setInterval(() => this.#beats.push(monotonic()), BEAT).unref();

  /** How many ms there were from one moment to another, to a beat. */
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
