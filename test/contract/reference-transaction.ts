import type { OpenTransaction } from '../../src/testing/index.ts';
import type { Data } from './reference-store.ts';

/** A map that keeps writes to itself. It reads other values from the map under it. */
class Layer<Key, Value> extends Map<Key, Value> {
  readonly #under: Map<Key, Value>;
  // The values when they were first read. `merge` skips values that have not changed since.
  readonly #read = new Map<Key, string>();

  constructor(under: Map<Key, Value>) {
    super();
    this.#under = under;
  }

  override get(key: Key): Value | undefined {
    if (!super.has(key)) {
      const value = this.#under.get(key);
      if (value !== undefined) {
        // Copies the value, because rows are changed in place.
        super.set(key, structuredClone(value));
        this.#read.set(key, JSON.stringify(value));
      }
    }
    return super.get(key);
  }

  override has(key: Key): boolean {
    return super.has(key) || this.#under.has(key);
  }

  override values(): MapIterator<Value> {
    for (const key of this.#under.keys()) this.get(key);
    return super.values();
  }

  /** Writes every changed value to the map under this one. */
  merge(): void {
    for (const [key, value] of super.entries()) {
      if (this.#read.get(key) !== JSON.stringify(value)) this.#under.set(key, value);
    }
  }
}

/** Begins a transaction on the data. */
export function beginOn(data: Data): OpenTransaction & { readonly transaction: Data } {
  const layers = {
    sessions: new Layer(data.sessions),
    epochs: new Layer(data.epochs),
    policies: new Layer(data.policies),
  };
  const transaction: Data = { ...layers, audit: [], outbox: data.outbox, changes: [] };
  return {
    transaction,
    commit() {
      for (const layer of Object.values(layers)) layer.merge();
      data.audit.push(...transaction.audit);
      data.changes.push(...transaction.changes);
    },
    rollback() {},
  };
}
