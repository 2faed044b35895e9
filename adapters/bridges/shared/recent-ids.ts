/** Longest time that a request is expected to take, in ms. */
const MAX_REQUEST = 60_000;

const MAX_IDS = 10_000;

/** Session ids of the inner layer that this process has remembered in the last minute. */
export class RecentIds {
  /** When each id is forgotten, in insertion order. */
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

/** A cookie header contains the id. The inner layers sign it, and leave it readable in the cookie. */
export const bearsId = (cookies: string, id: string): boolean =>
  cookies.includes(id) || cookies.includes(encodeURIComponent(id.toWellFormed()));
