import { ownCopyOf } from './own.ts';

const MOST = 1024;

/**
 * Keeps once what many sessions have alike, such as "Chrome on Mac OS". Of the last values only: they come from clients,
 * who may make up as many as they like. One that is forgotten here lives on where it is used.
 */
export class Pool {
  readonly #values = new Map<string, unknown>();

  /** The value, immutable, and the same one for everybody who asks for its like. */
  shared<T>(value: T): T {
    const key = JSON.stringify(value);
    const known = this.#values.get(key);
    if (known !== undefined) return known as T;
    if (this.#values.size >= MOST) this.#values.clear();
    const own = ownCopyOf(value);
    this.#values.set(key, own);
    return own;
  }
}
