/**
 * A copy of a JSON value that nobody can change and that shares nothing with it, not even the memory of its texts: V8
 * keeps a text that was cut out of a longer one as a reference into that one, so that an address would hold a whole
 * header, and a tag a digest. JSON gives back every string exactly, lone surrogates too, and makes objects alike that
 * were put together in different ways, so that V8 need not describe each.
 */
export const ownCopyOf = <T>(value: T): T => settled(JSON.parse(JSON.stringify(value)) as T);

const NOTHING: object = Object.freeze({});

/** Freezes a copy to the bottom. Most objects within records are empty: these become one and the same. */
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
