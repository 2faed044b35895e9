import { closed } from '../shared/closed.ts';
import type { Server } from './connection.ts';

interface Checks {
  /** Runs before the first request. Returns true if the owner of the keys is recorded. */
  first(): Promise<boolean>;
  /** Records the owner of the keys. Returns true if it is recorded. */
  mark(): Promise<boolean>;
}

/** How long an answer that the server is the primary counts, in ms. */
const ROLE_HOLDS = 1000;

/**
 * Checks the server before the first request. Each look-up also checks that the server is still the primary, at most
 * once per second. A demoted server does not know the revocations on the new primary.
 */
export class Readiness {
  readonly #server: Server;
  readonly #checks: Checks;
  #checking: Promise<void> | null = null;
  #isReady = false;
  #isMarked = false;
  #isClosed = false;
  #roleAskedAt = Number.NEGATIVE_INFINITY;

  constructor(server: Server, checks: Checks) {
    this.#server = server;
    this.#checks = checks;
  }

  ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed());
    return this.#isReady ? question() : this.ready().then(question);
  }

  /** Checks the server, or joins a check that is running. */
  ready(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /**
   * Asks the server whether it is still the primary, unless the last answer still counts. Call it directly before a
   * request over the same connection. A cluster does not need it: its nodes redirect requests for keys that they do not
   * have. A pool does not need it, either: each request asks on its own connection. Rejects with `SESSION_STORE_UNSAFE`
   * for a replica.
   */
  role(): Promise<void> | null {
    if (this.#server.isCluster || this.#server.isPool) return null;
    const now = performance.now();
    if (now - this.#roleAskedAt < ROLE_HOLDS) return null;
    this.#roleAskedAt = now;
    return this.#server.askStanding().catch((error: unknown) => {
      this.#roleAskedAt = Number.NEGATIVE_INFINITY;
      throw error;
    });
  }

  /** Records the owner of the keys. Call it before the first write. Returns `null` if the owner is already recorded. */
  mark(): Promise<void> | null {
    return this.#isMarked ? null : this.#mark();
  }

  requireOpen(): void {
    if (this.#isClosed) throw closed();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #check(): Promise<void> {
    this.#isMarked = await this.#checks.first();
    this.#isReady = true;
  }

  async #mark(): Promise<void> {
    this.#isMarked = await this.#checks.mark();
  }
}
