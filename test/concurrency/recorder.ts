import { isSessionError } from 'session-revocation';
import { nameOf, type Operation, type Outcome } from './operation.ts';
import type { Span } from './violation.ts';

/** Returns the current time in ms. All processes of a machine share this clock, and it never jumps. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** How often each operation was done, by {@link nameOf}. */
export type Counts = Readonly<Record<string, number>>;

/** Records what one process does. */
export class Recorder {
  readonly operations: Operation[] = [];
  /** How often each operation was answered. */
  readonly #answered = new Map<string, number>();
  /** The current time in ms, from a clock that all processes share. */
  readonly time: () => number;
  readonly #process: number;

  constructor(process: number, time: () => number = monotonic) {
    this.#process = process;
    this.time = time;
  }

  /** Returns whether each of these operations was answered at least this often. */
  hasAnswered(least: Counts): boolean {
    return Object.entries(least).every(([name, count]) => (this.#answered.get(name) ?? 0) >= count);
  }

  /** Records an operation of an actor or of background work. */
  add(one: Outcome, { call, answer }: Span, failed: string | null): void {
    const operation = { process: this.#process, call, answer, failed, ...one };
    this.operations.push(operation);
    if (failed !== null) return;
    const name = nameOf(operation);
    this.#answered.set(name, (this.#answered.get(name) ?? 0) + 1);
  }

  /**
   * Performs an operation and records it. `told` converts the answer, or `null` after a failure, into a record. Returns
   * the answer, or `null` if the store failed. Rethrows errors that are no session errors.
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
