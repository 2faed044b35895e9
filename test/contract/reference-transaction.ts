import type { OpenTransaction } from '../../src/testing/index.ts';
import type { Data } from './reference-store.ts';

/** A map that writes into itself and reads what lies under it. */
class Layer<Key, Value> extends Map<Key, Value> {
  readonly #under: Map<Key, Value>;
  // As it was read, so that what was only read is not written.
  readonly #read = new Map<Key, string>();

  constructor(under: Map<Key, Value>) {
    super();
    this.#under = under;
  }

  override get(key: Key): Value | undefined {
    if (!super.has(key)) {
      const value = this.#under.get(key);
      if (value !== undefined) {
        // Rows are changed in place.
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

  /** Writes everything that was changed into what lies under it. */
  merge(): void {
    for (const [key, value] of super.entries()) {
      if (this.#read.get(key) !== JSON.stringify(value)) this.#under.set(key, value);
    }
  }
}

/** The data as a transaction sees and changes them. */
export function beginOn(data: Data): OpenTransaction & { readonly transaction: Data } {
  const layers = {
    sessions: new Layer(data.sessions),
    epochs: new Layer(data.epochs),
    policies: new Layer(data.policies),
  };
  const transaction: Data = { ...layers, audit: [], changes: [] };
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
