import type { Parameter } from './client.ts';

/** Bytes of a key, of the name of a type (256 characters), of a `BLOB`, and of a `MEDIUMBLOB`. */
const KEY = 255;
const TYPE = 1_024;
const BLOB = 65_535;
const MEDIUMBLOB = 16_777_215;

/** An id, a tag or a hash. */
export const key = (text: string): Buffer => bytes(text, KEY);

/** The type of an entry of the audit log. */
export const typeKey = (text: string): Buffer => bytes(text, TYPE);

/** A text for a column of the type `BLOB`. */
export const blob = (text: string): Buffer => bytes(text, BLOB);

/** A text for a column of the type `MEDIUMBLOB`. */
export const mediumBlob = (text: string): Buffer => bytes(text, MEDIUMBLOB);

/** The same for what may be missing. */
export const orNull = <T>(value: T | null, convert: (value: T) => Parameter): Parameter =>
  value === null ? null : convert(value);

/** A `LIMIT`. As a text: some versions of drivers send numbers as floating ones, and MySQL takes none there. */
export const limitOf = (limit: number): string => String(limit);

/** A server without strict mode cuts a text off where it is too long, and says nothing. */
function bytes(text: string, most: number): Buffer {
  const value = Buffer.from(text);
  if (value.length > most) throw new RangeError(`a text of ${value.length} bytes is too long; at most ${most} fit`);
  return value;
}

/** Question marks for a list of so many. */
export const marks = (count: number): string => Array(count).fill('?').join(', ');

/**
 * A list, filled up with its last item to the next power of two: so that lists of every length share a few statements, each
 * of which the server keeps prepared for each connection.
 */
export function filledUp<T>(list: readonly T[]): readonly T[] {
  const wanted = 2 ** Math.ceil(Math.log2(list.length));
  const last = list.at(-1);
  if (last === undefined || wanted === list.length) return list;
  return [...list, ...Array<T>(wanted - list.length).fill(last)];
}

/** A list in parts whose lengths are powers of two, at most `longest`, where an item must not come twice. */
export function inPowers<T>(list: readonly T[], longest: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let at = 0; at < list.length; ) {
    const length = Math.min(longest, 2 ** Math.floor(Math.log2(list.length - at)));
    parts.push(list.slice(at, at + length));
    at += length;
  }
  return parts;
}
