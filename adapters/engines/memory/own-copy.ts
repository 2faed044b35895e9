/**
 * Returns a frozen copy that shares no memory with the original. V8 stores a substring as a reference into the longer
 * string, so an address would keep a whole header in memory. A round trip through JSON breaks these references, and
 * changes no string. It also gives equal objects the same hidden class.
 */
export const ownCopyOf = <T>(value: T): T => settled(JSON.parse(JSON.stringify(value)) as T);

const NOTHING: object = Object.freeze({});

/** Freezes a copy. Most objects within records are empty: they all become one shared object. */
function settled<T>(copy: T): T {
  if (!isObject(copy)) return copy;
  const keys = Object.keys(copy);
  if (keys.length === 0 && !Array.isArray(copy)) return NOTHING as T;
  const parts: Record<string, unknown> = copy;
  for (const key of keys) {
    if (isObject(parts[key])) parts[key] = settled(parts[key]);
  }
  return Object.freeze(copy);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const MAX_VALUES = 1024;

/**
 * Stores a value such as "Chrome on Mac OS" once for all sessions. The pool is bounded, because clients can make up
 * values. A dropped value stays valid where it is in use.
 */
export class Pool {
  readonly #values = new Map<string, unknown>();

  shared<T>(value: T): T {
    const key = JSON.stringify(value);
    const known = this.#values.get(key);
    if (known !== undefined) return known as T;
    if (this.#values.size >= MAX_VALUES) this.#values.clear();
    const own = ownCopyOf(value);
    this.#values.set(key, own);
    return own;
  }
}
