/** Runs the operations of one key one after the other, in the order in which they were handed in. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** True if an operation of this key waits or runs. */
  isBusy(key: string): boolean {
    return this.#last.has(key);
  }

  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#last.get(key) ?? Promise.resolve()).then(work, work);
    this.#last.set(key, mine);
    const over = (): void => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    mine.then(over, over);
    return mine;
  }
}
