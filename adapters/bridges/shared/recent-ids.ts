/** Longest expected duration of a request, in ms. */
const MAX_REQUEST = 60_000;

const MAX_IDS = 10_000;

/** A set of session ids of the inner layer. It forgets an id after a minute. */
export class RecentIds {
  /** The time at which the set forgets each id, by `performance.now()`; in the order of insertion. */
  readonly #until = new Map<string, number>();

  add(id: string): void {
    const now = performance.now();
    this.#until.delete(id);
    this.#until.set(id, now + MAX_REQUEST);
    for (const [oldest, until] of this.#until) {
      if (until > now && this.#until.size <= MAX_IDS) break;
      this.#until.delete(oldest);
    }
  }

  has(id: string): boolean {
    const until = this.#until.get(id);
    return until !== undefined && until > performance.now();
  }
}

/** Tells whether the text of cookies contains the id. The inner layers sign ids but do not encrypt them. */
export const containsId = (cookies: string, id: string): boolean =>
  cookies.includes(id) || cookies.includes(encodeURIComponent(id.toWellFormed()));
