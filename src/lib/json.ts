/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export function copyJson(name: string, value: unknown, depth: number): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\0')) return value;
  // JSON has no negative zero.
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (depth < 16 && Array.isArray(value)) {
    return Object.freeze(Array.from(value, (item, at) => copyJson(`${name}[${at}]`, item, depth + 1)));
  }
  if (depth < 16 && isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.freeze(
      Object.fromEntries(
        entries.map(([key, item]) => {
          if (key === '__proto__' || !key.isWellFormed() || key.includes('\0')) {
            throw new TypeError(`${name} has a key that cannot be stored`);
          }
          return [key, copyJson(`${name}.${key.slice(0, 40)}`, item, depth + 1)];
        }),
      ),
    );
  }
  throw new TypeError(`${name} must be JSON (text, finite numbers, booleans, null, arrays, plain objects, 16 deep)`);
}

/**
 * Tells whether a value is an object literal (or an object without a prototype), not a class instance or an array.
 * @param value any value.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
