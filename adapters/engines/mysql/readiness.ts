import { isSessionError } from '../../../src/index.ts';

import { explained } from './errors.ts';

/** How long a check of the schema version stays valid, in ms. */
const FRESH = 5_000;

/** The checks. Each rejects if the store must not go on. */
interface Looks {
  /** Checks the server and the tables: before the first request, and after an error that puts them in doubt. */
  first(): Promise<void>;
  /** Checks the tables alone, every few seconds: a later version of the library may have upgraded them. */
  again(): Promise<void>;
}

export class Readiness {
  readonly #looks: Looks;
  #looking: Promise<void> | null = null;
  #ready = false;
  #freshUntil = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(looks: Looks) {
    this.#looks = looks;
  }

  get isFresh(): boolean {
    return this.#ready && performance.now() < this.#freshUntil;
  }

  /** Runs a request once the store is ready. Rejects with errors that say what to do. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    const answer = this.isFresh ? question() : this.#lookedAt().then(question);
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
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const began = performance.now();
    try {
      await (this.#ready ? this.#looks.again() : this.#looks.first());
    } catch (error) {
      this.forget();
      throw error;
    }
    this.#ready = true;
    this.#freshUntil = began + FRESH;
  }

  #fail(error: unknown): never {
    const failure = explained(error);
    // The tables may be gone, or another server may have taken over.
    if (isSessionError(failure)) this.forget();
    throw failure;
  }
}
