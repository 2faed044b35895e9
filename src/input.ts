/**
 * What an application hands in, bounded before it reaches a store. Misuse is a `TypeError` that names the argument,
 * what is wrong with it, and what is allowed.
 */
import { CLIENT_MEMBER } from './session-client.ts';

const LONGEST_TEXT = 256;
const LARGEST_ATTRIBUTES = 4096;
const MOST_METHODS = 16;

// Lone surrogates all encode to the same bytes (two users would become one), NUL is refused by Postgres, and the
// other controls forge lines in logs (ASVS 16.4.1).
const UNSAFE = /[\p{Cc}\u2028\u2029]/u;

const EVERY_UNSAFE = new RegExp(UNSAFE, 'gu');

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What an app wants to remember with a session: a JSON object of at most 4,096 bytes. */
export type Attributes = { readonly [key: string]: Json };

/** A non-empty text of at most 256 characters: an id of a user, an account, an actor. */
export function parseText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, not ${kindOf(value)}`);
  if (value === '') throw new TypeError(`${name} must not be empty`);
  if (value.length > LONGEST_TEXT) {
    throw new TypeError(`${name} has ${value.length} characters; at most ${LONGEST_TEXT} are allowed`);
  }
  if (!value.isWellFormed() || UNSAFE.test(value)) {
    throw new TypeError(`${name} must be well-formed text without control characters`);
  }
  return value;
}

/** Like {@link parseText}, and `null` for what was left out. */
export const parseOptionalText = (name: string, value: unknown): string | null =>
  value === undefined || value === null ? null : parseText(name, value);

/** What a client claims, cut down to what {@link parseText} allows; `null` where nothing is left of it. */
export function claimed(text: string | null): string | null {
  const safe = (text ?? '').slice(0, LONGEST_TEXT).toWellFormed().replace(EVERY_UNSAFE, '');
  return safe === '' ? null : safe;
}

/** @throws `TypeError` for what is no boolean: a form's `'no'` must not pass for yes, nor its `'yes'` for no. */
export function parseSwitch(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name} must be a boolean, not ${kindOf(value)}`);
}

/** Authentication method references (RFC 8176), such as `['pwd', 'otp']`. */
export function parseMethods(name: string, value: unknown): readonly string[] {
  if (value === undefined) return NO_METHODS;
  if (!Array.isArray(value) || value.length > MOST_METHODS) {
    throw new TypeError(`${name} must be an array of at most ${MOST_METHODS} strings such as ['pwd', 'otp']`);
  }
  return Object.freeze(Array.from(value, (method, at) => parseText(`${name}[${at}]`, method)));
}

const NO_METHODS: readonly string[] = Object.freeze([]);

/** A frozen copy of an app's attributes; what JSON would lose or change is refused. */
export function parseAttributes(name: string, value: unknown): Attributes {
  if (value === undefined) return NO_ATTRIBUTES;
  if (!isPlainObject(value)) throw new TypeError(`${name} must be a plain object, not ${kindOf(value)}`);
  if (Object.hasOwn(value, CLIENT_MEMBER)) {
    throw new TypeError(`${name} has a member ${CLIENT_MEMBER}: the name is taken; choose another one`);
  }
  const copy = copyJson(name, value, 0) as Attributes;
  const bytes = Buffer.byteLength(JSON.stringify(copy));
  if (bytes > LARGEST_ATTRIBUTES) {
    throw new TypeError(`${name} take ${bytes} bytes as JSON; at most ${LARGEST_ATTRIBUTES} are allowed`);
  }
  return copy;
}

const NO_ATTRIBUTES: Attributes = Object.freeze({});

function copyJson(name: string, value: unknown, depth: number): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\0')) return value;
  // JSON knows no negative zero.
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

/** Whether this is an object literal (or one without a prototype), not a class instance or an array. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Refuses keys that nobody reads: a misspelt option must not pass for its default. */
export function refuseUnknownKeys(name: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${name} has an unknown option ${JSON.stringify(unknown)}; known are ${known.join(', ')}`);
  }
}

/** The options of a call: an object of known keys. */
export function parseArguments(name: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object, not ${kindOf(value)}`);
  }
  refuseUnknownKeys(name, value, known);
  return value as Record<string, unknown>;
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : typeof value;
