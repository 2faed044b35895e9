import type { Parameter } from './clients/client.ts';

/** Maximum sizes in bytes: of a key, of the name of a type (256 characters), of a `BLOB`, and of a `MEDIUMBLOB`. */
const KEY = 255;
const TYPE = 1_024;
const BLOB = 65_535;
const MEDIUMBLOB = 16_777_215;

export const key = (text: string): Buffer => bytes(text, KEY);

export const typeKey = (text: string): Buffer => bytes(text, TYPE);

export const blob = (text: string): Buffer => bytes(text, BLOB);

export const mediumBlob = (text: string): Buffer => bytes(text, MEDIUMBLOB);

export const orNull = <T>(value: T | null, convert: (value: T) => Parameter): Parameter =>
  value === null ? null : convert(value);

/**
 * Returns a limit as a parameter. Some driver versions send numbers as floating point, which MySQL does not accept in a
 * `LIMIT`.
 */
export const limitOf = (limit: number): string => String(limit);

/** Encodes a text, and throws if it does not fit. A server without strict mode truncates long values silently. */
function bytes(text: string, max: number): Buffer {
  const value = Buffer.from(text);
  if (value.length > max) throw new RangeError(`a text of ${value.length} bytes is too long; at max ${max} fit`);
  return value;
}

export const marks = (count: number): string => Array(count).fill('?').join(', ');

/** Repeats the last item up to a power of two, so that lists of all lengths share a few prepared statements. */
export function filledUp<T>(list: readonly T[]): readonly T[] {
  const wanted = 2 ** Math.ceil(Math.log2(list.length));
  const last = list.at(-1);
  if (last === undefined || wanted === list.length) return list;
  return [...list, ...Array<T>(wanted - list.length).fill(last)];
}

/** Splits a list without repeated items into parts whose lengths are powers of two. */
export function inPowers<T>(list: readonly T[], longest: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let at = 0; at < list.length; ) {
    const length = Math.min(longest, 2 ** Math.floor(Math.log2(list.length - at)));
    parts.push(list.slice(at, at + length));
    at += length;
  }
  return parts;
}

export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (value as Buffer | Uint8Array).toString();

export const textOrNull = (value: unknown): string | null => (value === null ? null : textOf(value));

/** Returns a value of a driver as a number. Depending on their settings, drivers return numbers, text or BigInts. */
export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number(value));

export const numberOrNull = (value: unknown): number | null => (value === null ? null : numberOf(value));
