import { build } from './build.ts';
import type { Words } from './words.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Shown {
  readonly element: HTMLTimeElement;
  readonly at: number;
  readonly alone: boolean;
}

interface TimeOptions {
  /** Says more than the date. */
  readonly title?: string;
  /** Whether it stands outside a sentence, and so begins with a capital. */
  readonly alone?: boolean;
}

/** The relative times in the card, and the one timer that keeps them right. It stands still while nobody looks. */
export class Clock {
  readonly #words: Words;
  readonly #shown = new Set<Shown>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(words: Words, signal: AbortSignal) {
    this.#words = words;
    document.addEventListener('visibilitychange', () => this.#tick(), { signal });
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** A `<time>` that keeps counting. */
  time(at: number, { title = this.#words.date(at), alone = false }: TimeOptions = {}): HTMLTimeElement {
    const element = build('time', { part: 'time', datetime: new Date(at).toISOString(), title });
    const shown = { element, at, alone };
    element.textContent = this.#textOf(shown, Date.now());
    this.#shown.add(shown);
    return element;
  }

  #textOf({ at, alone }: Shown, now: number): string {
    const text = this.#words.ago(at, now);
    return alone ? text.charAt(0).toLocaleUpperCase(this.#words.locale) + text.slice(1) : text;
  }

  /** Goes on from now; to be called when times were added. */
  start(): void {
    clearTimeout(this.#timer);
    if (document.visibilityState === 'hidden') return;
    const now = Date.now();
    let youngest = Number.POSITIVE_INFINITY;
    for (const shown of this.#shown) {
      if (shown.element.isConnected) youngest = Math.min(youngest, now - shown.at);
      else this.#shown.delete(shown);
    }
    if (youngest === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#tick(), youngest < HOUR_MS ? MINUTE_MS : HOUR_MS);
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
