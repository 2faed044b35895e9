/** The most that is done behind the callers' backs at a time. */
const MOST = 4;

/** Tidying up that nobody waits for. Too much of it is left out, and what fails is left for the next time. */
export class Background {
  readonly #running = new Set<Promise<unknown>>();

  run(task: () => Promise<unknown>): void {
    if (this.#running.size >= MOST) return;
    const running = task()
      .catch(() => {})
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when all that was begun is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
