/** A cache that keeps the values most recently read or set. */
export class Lru<Value> {
  readonly #most: number;
  #young = new Map<string, Value>();
  #old: ReadonlyMap<string, Value> = new Map();

  /** Keeps at least half of `most` values, and never more than `most`. */
  constructor(most: number) {
    this.#most = most / 2;
  }

  /** Returns the value of a name, or `undefined` if it is not cached. */
  get(name: string): Value | undefined {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.set(name, old);
    return old;
  }

  /** Caches a value. */
  set(name: string, value: Value): void {
    if (this.#young.size >= this.#most) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }
}
