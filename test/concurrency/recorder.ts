import { isSessionError } from 'session-revocation';
import { nameOf, type Operation, type Outcome } from './operation.ts';
import type { Span } from './violation.ts';

/** Now, in ms. All processes of a machine share this clock, and nobody sets it. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** How often each thing was done, by {@link nameOf}. */
export type Counts = Readonly<Record<string, number>>;

/** What one process does, taken down. */
export class Recorder {
  readonly operations: Operation[] = [];
  /** How often each thing was answered. */
  readonly #answered = new Map<string, number>();
  /** The time in ms, by a clock that all processes share. */
  readonly time: () => number;
  readonly #process: number;

  constructor(process: number, time: () => number = monotonic) {
    this.#process = process;
    this.time = time;
  }

  /** Whether each of these things was answered at least so often. */
  hasAnswered(least: Counts): boolean {
    return Object.entries(least).every(([name, count]) => (this.#answered.get(name) ?? 0) >= count);
  }

  /** Takes down an operation, by an actor or behind its back. */
  add(one: Outcome, { call, answer }: Span, failed: string | null): void {
    const operation = { process: this.#process, call, answer, failed, ...one };
    this.operations.push(operation);
    if (failed !== null) return;
    const name = nameOf(operation);
    this.#answered.set(name, (this.#answered.get(name) ?? 0) + 1);
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
    this.add(told(answered), { call, answer }, failed);
    return answered;
  }
}
