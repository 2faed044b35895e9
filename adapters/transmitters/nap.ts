import type { Sessions } from '../../src/index.ts';

const EVENTS = ['session.ended', 'sessions.revoked', 'token.revoked'] as const;

/** Calls a function after each event of this process that is queued for other systems. Returns the function that ends it. */
export function onQueued<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  wake: () => void,
): () => void {
  const stops = EVENTS.map((type) => sessions.on(type, wake));
  return () => {
    for (const stop of stops) stop();
  };
}

/** A pause that ends early if there is something to do, also if that came up just before it. */
export class Nap {
  #isOver = false;
  #wake: () => void = () => {};

  /** What comes up from now on ends the next sleep. */
  begin(): void {
    this.#isOver = false;
  }

  readonly end = (): void => {
    this.#isOver = true;
    this.#wake();
  };

  sleep(ms: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
