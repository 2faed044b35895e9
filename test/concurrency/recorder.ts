import { isSessionError } from 'session-revocation';
import type { Operation, Outcome } from './operation.ts';
import type { Span } from './violation.ts';

/** Now, in ms. All processes of a machine share this clock, and nobody sets it. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What one process does, taken down. */
export class Recorder {
  readonly operations: Operation[] = [];
  /** How many of them had an answer. */
  answered = 0;
  /** The time in ms, by a clock that all processes share. */
  readonly time: () => number;
  readonly #process: number;

  constructor(process: number, time: () => number = monotonic) {
    this.#process = process;
    this.time = time;
  }

  /** Takes down what was no operation of an actor's. */
  add(one: Outcome, { call, answer }: Span, failed: string | null): void {
    this.operations.push({ process: this.#process, call, answer, failed, ...one });
  }

  /**
   * Does something and takes it down: `told` makes of the answer what there is to say of it, or of `null` where there was
   * none. Gives the answer; `null` where the store could not find out. Throws what is not the store's.
   */
  async take<T>(perform: () => Promise<T>, told: (answer: T | null) => Outcome): Promise<T | null> {
    const call = this.time();
    let answered: T | null = null;
    let failed: string | null = null;
    try {
      answered = await perform();
    } catch (error) {
      if (!isSessionError(error)) throw error;
      failed = error.code;
    }
    const answer = this.time();
    if (failed === null) this.answered++;
    this.add(told(answered), { call, answer }, failed);
    return answered;
  }
}
