/** As many as an app gives up while its slowest request is under way. */
const MOST = 10_000;

/**
 * The host's ids that a client of this process got another one for. The answer to a request that came with one of them, and is
 * still under way, must not set it again: the client would lose the new one, and with it a session that was kept.
 */
export class LeftIds {
  readonly #ids = new Set<string>();

  add(id: string): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MOST && oldest !== undefined) this.#ids.delete(oldest);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}

/** Whether a header of cookies has an id among them. Hosts sign their cookies, and leave the id in them as it is. */
export const bearsId = (cookies: string, id: string): boolean =>
  cookies.includes(id) || cookies.includes(encodeURIComponent(id.toWellFormed()));
