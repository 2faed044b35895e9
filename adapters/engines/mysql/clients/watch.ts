const EVERY = 250;

/** A timer that fires this much late, in ms, shows that this process was not running. */
const STANDSTILL = 250;

/** Time limit for a suspect connection, in ms. */
const MAX_OF_SUSPECTS = 1_000;

interface Waiting {
  readonly since: number;
  readonly until: number;
  readonly end: () => void;
}

/**
 * Ends connections that wait too long for an answer. If the network fails silently, no answer ever comes, and a pool of
 * dead connections would never work again. Once a connection was ended, every other one that has not answered since is
 * probably dead too, and gets a shorter limit.
 *
 * Time in which this process was stopped or busy does not count, because answers may have arrived that it has not read.
 */
export class Watch {
  readonly #waiting = new Map<object, Waiting>();
  readonly #answered = new WeakMap<object, number>();
  #suspectSince = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** Total time in which this process was stopped or busy, in ms. */
  #stoodStill = 0;

  /** Calls `end` after `longest` ms, unless {@link done} is called before. */
  begin(connection: object, longest: number, end: () => void): void {
    const since = this.#now();
    const isSuspect = (this.#answered.get(connection) ?? since) < this.#suspectSince;
    const until = since + (isSuspect ? Math.min(longest, MAX_OF_SUSPECTS) : longest);
    this.#waiting.set(connection, { since, until, end });
    if (this.#timer !== undefined) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), EVERY).unref();
  }

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
