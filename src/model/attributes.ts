import { kindOf } from '../lib/input.ts';
import { copyJson, isPlainObject, type Json } from '../lib/json.ts';

const MAX_ATTRIBUTES = 4096;

/** Holds the app's own data of a session: a JSON object of at most 4,096 bytes. {@link Sessions.renew} replaces it. */
export type Attributes = { readonly [key: string]: Json };

/** @throws `TypeError` for a value that JSON would lose or change, and for more than 4,096 bytes. */
export function parseAttributes(name: string, value: unknown): Attributes {
  if (value === undefined) return NO_ATTRIBUTES;
  if (!isPlainObject(value)) throw new TypeError(`${name} must be a plain object, not ${kindOf(value)}`);
  const copy = copyJson(name, value, 0) as Attributes;
  const bytes = Buffer.byteLength(JSON.stringify(copy));
  if (bytes > MAX_ATTRIBUTES) {
    throw new TypeError(`${name} take ${bytes} bytes as JSON; at most ${MAX_ATTRIBUTES} are allowed`);
  }
  return copy;
}

const NO_ATTRIBUTES: Attributes = Object.freeze({});
