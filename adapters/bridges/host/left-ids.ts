/** As long as the answer to a request that is under way may take, in ms. */
const LONGEST_REQUEST = 60_000;

/** As many as an app gives up in that time. */
const MOST = 10_000;

/**
 * The host's ids that a client of this process got another one for, a while ago at most. The answer to a request that came with one
 * of them, and is still under way, must not set it again: the client would lose the new one, and with it a session that was kept.
 * A client that never got the new one goes on with the former, as a stranger: to it that is an id like any other after this time.
 */
export class LeftIds {
  /** Until when each is known, the oldest first. */
  readonly #until = new Map<string, number>();

  add(id: string): void {
    const now = performance.now();
    this.#until.delete(id);
    this.#until.set(id, now + LONGEST_REQUEST);
    for (const [oldest, until] of this.#until) {
      if (until > now && this.#until.size <= MOST) break;
      this.#until.delete(oldest);
    }
  }

  has(id: string): boolean {
    const until = this.#until.get(id);
    return until !== undefined && until > performance.now();
  }
}

/** Whether a header of cookies has an id among them. Hosts sign their cookies, and leave the id in them as it is. */
export const bearsId = (cookies: string, id: string): boolean =>
  cookies.includes(id) || cookies.includes(encodeURIComponent(id.toWellFormed()));
