/** A cache that keeps the values most recently read or set. */
export class Lru<Value> {
  #maxYoung: number;
  #young = new Map<string, Value>();
  #old: ReadonlyMap<string, Value> = new Map();

  /** Keeps at least half of `max` values, and never more than `max`. */
  constructor(max: number) {
    this.#maxYoung = max / 2;
  }

  /** Raises the maximum number of values. A lower one changes nothing. */
  allow(max: number): void {
    this.#maxYoung = Math.max(this.#maxYoung, max / 2);
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
    if (this.#young.size >= this.#maxYoung) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }
}
