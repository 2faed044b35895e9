// @ts-check
import { createHash, randomBytes } from 'node:crypto';

const LIFETIME = 3600e3;

/** Open password resets, in memory, by the hash of their token. */
export class Resets {
  /** @type {Map<string, { user: string, until: number }>} */
  #open = new Map();
  #now;

  /** @param {() => number} now */
  constructor(now) {
    this.#now = now;
  }

  /** @param {string} user */
  begin(user) {
    for (const [hash, { until }] of this.#open) if (until <= this.#now()) this.#open.delete(hash);
    const token = randomBytes(32).toString('base64url');
    this.#open.set(hashOf(token), { user, until: this.#now() + LIFETIME });
    return token;
  }

  /**
   * @param {string} token
   * @returns {string | null} the user's id; `null` for an unknown or expired token
   */
  userOf(token) {
    const reset = this.#open.get(hashOf(token));
    return reset !== undefined && this.#now() < reset.until ? reset.user : null;
  }

  /**
   * Invalidates all reset links of the user.
   *
   * @param {string} user
   */
  finish(user) {
    for (const [hash, reset] of this.#open) if (reset.user === user) this.#open.delete(hash);
  }
}

/** @param {string} token */
const hashOf = (token) => createHash('sha256').update(token).digest('base64url');
