const EVERY = 250;

/** A look that comes so much later than it was due, in ms, tells that this process itself stood still. */
const STANDSTILL = 250;

/** How long a connection may take that is suspect, in ms. */
const LONGEST_OF_SUSPECTS = 1_000;

interface Waiting {
  readonly since: number;
  readonly until: number;
  readonly end: () => void;
}

/**
 * Looks after connections that owe an answer, and ends those that have owed one too long: where a network was cut without a
 * word, no answer ever comes, and a pool of such connections would never serve again. Once one was ended, every other that has
 * answered nothing since is likely to be as dead, and gets little time. One timer for all, while anything is waited for.
 *
 * The time in which this process stood still, stopped or kept busy, does not count: answers came in it that nobody read.
 */
export class Watch {
  readonly #waiting = new Map<object, Waiting>();
  /** When each connection last answered. */
  readonly #answered = new WeakMap<object, number>();
  /** Who has not answered since then is suspect. */
  #suspectSince = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** For how long this process stood still in all, in ms. */
  #stoodStill = 0;

  /** Watches a connection until {@link done}, and calls `end` after so many ms. */
  begin(connection: object, longest: number, end: () => void): void {
    const since = this.#now();
    const isSuspect = (this.#answered.get(connection) ?? since) < this.#suspectSince;
    const until = since + (isSuspect ? Math.min(longest, LONGEST_OF_SUSPECTS) : longest);
    this.#waiting.set(connection, { since, until, end });
    if (this.#timer !== undefined) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), EVERY).unref();
  }

  /** Says that a connection has answered. */
  done(connection: object): void {
    this.#answered.set(connection, this.#now());
    this.#waiting.delete(connection);
  }

  #now(): number {
    return performance.now() - this.#stoodStill;
  }

  #look(): void {
    const late = performance.now() - this.#lookedAt - EVERY;
    if (late > STANDSTILL) this.#stoodStill += late;
    this.#lookedAt = performance.now();
    const now = this.#now();
    for (const [connection, { since, until, end }] of this.#waiting) {
      if (until > now) continue;
      this.#waiting.delete(connection);
      this.#suspectSince = Math.max(this.#suspectSince, since);
      end();
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
