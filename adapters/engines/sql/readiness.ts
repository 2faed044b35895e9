import { closed } from '../shared/closed.ts';

/** How long a check of the schema version stays valid, in ms. An older process stops within this time after an upgrade. */
const FRESH = 5_000;

interface Checks {
  /** Runs before the first request, and after an error that puts the server or the tables in doubt. */
  first(): Promise<void>;
  /** Runs every few seconds: a later version of the library may have upgraded the tables. */
  again(): Promise<void>;
  /**
   * Returns the error for the caller. `isInDoubt` is true if the tables may have changed, or another server may have
   * answered.
   */
  failed(error: unknown): { readonly error: unknown; readonly isInDoubt: boolean };
}

export class Readiness {
  readonly #checks: Checks;
  #checking: Promise<void> | null = null;
  #isReady = false;
  #freshUntil: number = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(checks: Checks) {
    this.#checks = checks;
  }

  get isFresh(): boolean {
    return this.#isReady && performance.now() < this.#freshUntil;
  }

  ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed());
    // Calls `question` directly where possible, which saves a tick for each check of a session.
    const answer = this.isFresh ? question() : this.ready().then(question);
    return answer.catch((failure: unknown) => {
      const { error, isInDoubt } = this.#checks.failed(failure);
      if (isInDoubt) this.forget();
      throw error;
    });
  }

  /** Checks the server and the tables, or joins a check that is running. */
  ready(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  requireOpen(): void {
    if (this.#isClosed) throw closed();
  }

  forget(): void {
    this.#isReady = false;
    this.#checking = null;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #check(): Promise<void> {
    const began = performance.now();
    try {
      await (this.#isReady ? this.#checks.again() : this.#checks.first());
    } catch (error) {
      this.forget();
      throw error;
    }
    this.#isReady = true;
    this.#freshUntil = began + FRESH;
  }
}
