import type { Failure } from './failure.ts';

const MOST = 5;
const FIRST_MS = 2_000;
const LONGEST_MS = 60_000;
// Who asks for more patience is not asked again without a person.
const LONGEST_RETRY_AFTER_MS = 300_000;

/** When to ask again by itself: later every time, never sooner than `Retry-After`, and not for ever. */
export class Retries {
  #made = 0;

  /** In milliseconds; `null` for not at all. */
  next({ passes, retryAfter }: Failure): number | null {
    if (!passes || this.#made >= MOST || (retryAfter ?? 0) > LONGEST_RETRY_AFTER_MS) return null;
    const backoff = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#made);
    this.#made++;
    // Spread, so that all open pages do not come back at once.
    return Math.max(retryAfter ?? 0, backoff) * (1 + Math.random() / 4);
  }

  reset(): void {
    this.#made = 0;
  }
}
