import { build } from './build.ts';
import type { Words } from './words.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Shown {
  readonly element: HTMLTimeElement;
  readonly at: number;
  readonly isToCome: boolean;
}

/** Shows relative times, and updates all of them with one timer, which stops while the page is hidden. */
export class Clock {
  readonly #words: Words;
  readonly #shown = new Set<Shown>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(words: Words, signal: AbortSignal) {
    this.#words = words;
    document.addEventListener('visibilitychange', () => this.#tick(), { signal });
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** Makes an element with a past time, such as "3 hours ago". `title` replaces the date in the tooltip. */
  time(at: number, title: string = this.#words.date(at)): HTMLTimeElement {
    return this.#show(at, title, false);
  }

  /** Makes an element with a future time, such as "in 3 days". */
  timeToCome(at: number): HTMLTimeElement {
    return this.#show(at, this.#words.date(at), true);
  }

  #show(at: number, title: string, isToCome: boolean): HTMLTimeElement {
    const element = build('time', { part: 'time', datetime: new Date(at).toISOString(), title });
    const shown = { element, at, isToCome };
    element.textContent = this.#textOf(shown, Date.now());
    this.#shown.add(shown);
    return element;
  }

  #textOf({ at, isToCome }: Shown, now: number): string {
    return isToCome ? this.#words.until(at, now) : this.#words.ago(at, now);
  }

  /** Starts the timer for the times that are on the page. Call it after adding times. */
  start(): void {
    clearTimeout(this.#timer);
    if (document.visibilityState === 'hidden') return;
    const now = Date.now();
    let nearest = Number.POSITIVE_INFINITY;
    for (const shown of this.#shown) {
      // A future time shows minutes in its last hour. The timer starts to tick each minute one hour earlier, so as not to miss that hour.
      const age = shown.isToCome ? shown.at - now - HOUR_MS : now - shown.at;
      if (shown.element.isConnected) nearest = Math.min(nearest, age);
      else this.#shown.delete(shown);
    }
    if (nearest === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#tick(), nearest < HOUR_MS ? MINUTE_MS : HOUR_MS);
  }

  #tick(): void {
    const now = Date.now();
    for (const shown of this.#shown) {
      const text = this.#textOf(shown, now);
      if (shown.element.textContent !== text) shown.element.textContent = text;
    }
    this.start();
  }
}
