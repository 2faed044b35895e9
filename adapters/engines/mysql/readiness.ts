import { isSessionError } from '../../../src/index.ts';
import { explained } from './failure.ts';

/** Whether the store was found to be ready: looked at once, before the first question, and again after what tells otherwise. */
export class Readiness {
  readonly #look: () => Promise<void>;
  #looking: Promise<void> | null = null;
  #ready = false;
  #closed = false;

  constructor(look: () => Promise<void>) {
    this.#look = look;
  }

  /** Asks something when all is ready; rejects with errors that say what to do. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    const answer = this.#ready ? question() : this.#lookedAt().then(question);
    return answer.catch((error: unknown) => this.#fail(error));
  }

  forget(): void {
    this.#ready = false;
    this.#looking = null;
  }

  close(): void {
    this.#closed = true;
  }

  #lookedAt(): Promise<void> {
    this.#looking ??= this.#look().then(
      () => {
        this.#ready = true;
      },
      (error: unknown) => {
        this.forget();
        throw error;
      },
    );
    return this.#looking;
  }

  #fail(error: unknown): never {
    const failure = explained(error);
    // The tables may be gone, or another server may have taken over.
    if (isSessionError(failure)) this.forget();
    throw failure;
  }
}
