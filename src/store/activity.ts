import { SessionError } from '../lib/errors.ts';
import type { SessionStore } from './store.ts';

/** Tracks the work under way on a store, in all realms that share it. Closing waits for the work, and refuses more. */
export class Activity {
  #underWay = 0;
  #isClosing = false;
  #waiting: (() => void)[] = [];

  get isClosing(): boolean {
    return this.#isClosing;
  }

  requireOpen(): void {
    if (this.#isClosing) throw closed();
  }

  run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#isClosing) return Promise.reject(closed());
    const end = this.begin();
    try {
      const result = operation();
      result.then(end, end);
      return result;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Counts one more piece of work, and returns the function that ends it. Allowed while closing: an operation under way may need it. */
  begin(): () => void {
    this.#underWay++;
    return this.#end;
  }

  /** One function for all work, so that a check allocates none. */
  readonly #end = (): void => {
    if (--this.#underWay > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  };

  close(): void {
    this.#isClosing = true;
  }

  /** Resolves when no work is under way and the callers that waited for it have run. */
  async idle(): Promise<void> {
    do {
      if (this.#underWay > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#underWay > 0);
  }
}

const closed = (): SessionError =>
  new SessionError('SESSION_STORE_UNAVAILABLE', 'sessions.close() was called: nothing new is begun');

const ACTIVITIES = new WeakMap<object, Activity>();

export function activityOf(store: SessionStore): Activity {
  const activity = ACTIVITIES.get(store) ?? new Activity();
  ACTIVITIES.set(store, activity);
  return activity;
}
