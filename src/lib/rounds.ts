/** Runs work in rounds, one at a time for each key. A round serves every caller that asked before it began. */
export class Rounds<Result> {
  readonly #next = new Map<string, Promise<Result>>();
  readonly #running = new Map<string, Promise<unknown>>();

  /** Returns the result of a round of `work` that begins after this call. */
  join(key: string, work: () => Promise<Result>): Promise<Result> {
    const next = this.#next.get(key);
    if (next !== undefined) return next;
    const round = this.#begin(key, work);
    this.#next.set(key, round);
    return round;
  }

  async #begin(key: string, work: () => Promise<Result>): Promise<Result> {
    await this.#running.get(key)?.catch(() => {});
    this.#next.delete(key);
    const running = work();
    this.#running.set(key, running);
    try {
      return await running;
    } finally {
      if (this.#running.get(key) === running) this.#running.delete(key);
    }
  }
}
