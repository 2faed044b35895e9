import type { Failure } from './failure.ts';

const MOST = 5;
const FIRST_MS = 2_000;
const MAX_MS = 60_000;
// For a longer wait, only the user retries.
const MAX_RETRY_AFTER_MS = 300_000;

/** Chooses the delays of automatic retries. They double, and respect `Retry-After`. Their number is limited. */
export class Retries {
  #made = 0;

  /** Returns the delay of the next retry in ms, or `null` for no retry. */
  next({ passes, retryAfter }: Failure): number | null {
    if (!passes || this.#made >= MOST || (retryAfter ?? 0) > MAX_RETRY_AFTER_MS) return null;
    const backoff = Math.min(MAX_MS, FIRST_MS * 2 ** this.#made);
    this.#made++;
    // Jitter, so that open pages do not retry all at once.
    return Math.max(retryAfter ?? 0, backoff) * (1 + Math.random() / 4);
  }

  reset(): void {
    this.#made = 0;
  }
}
