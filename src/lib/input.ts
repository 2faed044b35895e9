/** Misuse throws a `TypeError` that names the argument and what is allowed. */
import { among } from './nearest-name.ts';

const MAX_TEXT = 256;
// The maximum length of a value in a message.
const MAX_TOLD = 40;

// All lone surrogates encode to the same bytes, so two users would become one. Postgres refuses NUL. Other control characters
// forge lines in logs (ASVS 16.4.1).
const UNSAFE = /[\p{Cc}\u2028\u2029]/u;

const EVERY_UNSAFE = new RegExp(UNSAFE, 'gu');

/** Parses the id of a user, an account or an actor: non-empty text of at most 256 characters. */
export function parseText(name: string, value: unknown): string {
  if (typeof value !== 'string') {
    const hint = typeof value === 'number' || typeof value === 'bigint' ? `; write String(${name})` : '';
    throw new TypeError(`${name} must be a string, not ${kindOf(value)}${hint}`);
  }
  if (value === '') throw new TypeError(`${name} must not be empty`);
  if (value.length > MAX_TEXT) {
    throw new TypeError(`${name} has ${value.length} characters; at most ${MAX_TEXT} are allowed`);
  }
  if (!value.isWellFormed() || UNSAFE.test(value)) {
    throw new TypeError(`${name} must be well-formed text without control characters`);
  }
  return value;
}

/**
 * Tells whether a value may name a user, an account or an actor: well-formed text of 1 to 256 characters without control characters.
 * @param value any value.
 */
export const isPlainText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_TEXT && value.isWellFormed() && !UNSAFE.test(value);

export const parseOptionalText = (name: string, value: unknown): string | null =>
  value === undefined || value === null ? null : parseText(name, value);

/**
 * Cuts text from a client to 256 well-formed characters without control characters; `null` if nothing is left.
 * @param text text from the client; `null` for none.
 */
export function claimed(text: string | null): string | null {
  const safe = (text ?? '').slice(0, MAX_TEXT).toWellFormed().replace(EVERY_UNSAFE, '');
  return safe === '' ? null : safe;
}

/**
 * Parses a boolean option, which is `otherwise` if it is left out.
 * @param name the name of the option or the argument, for messages.
 * @param value the value that the caller passed.
 * @param otherwise the default of the option. Default `false`.
 * @throws `TypeError` for any other value: a form's `'no'` must not pass for true, nor its `'yes'` for false.
 */
export function parseSwitch(name: string, value: unknown, otherwise = false): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name} must be a boolean, not ${kindOf(value)}`);
}

/** The lengths that a name may have. */
export interface NameLimits {
  /** The least length. 0 allows an empty text. */
  readonly min: number;
  /** The greatest length. */
  readonly max: number;
  /** Bytes of UTF-8, or UTF-16 code units. */
  readonly unit: 'bytes' | 'characters';
}

/**
 * Parses a part of a table name or a key, such as a prefix. Engines count its length in bytes of UTF-8, or in characters.
 * @param name the name of the option or the argument, for messages.
 * @param value the value that the caller passed.
 * @param limits the allowed length.
 * @throws `TypeError` that names the option, what is wrong with it, and what is allowed.
 */
export function parseName(name: string, value: unknown, { min, max, unit }: NameLimits): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, not ${kindOf(value)}`);
  const length = unit === 'bytes' ? Buffer.byteLength(value) : value.length;
  if (length < min || length > max) {
    throw new TypeError(`${name} has ${length} ${unit}; ${min} to ${max} are allowed`);
  }
  if (value.includes('\0') || !value.isWellFormed())
    throw new TypeError(`${name} must be well-formed text without NUL`);
  return value;
}

/** Refuses unknown keys, because a misspelt option must not pass for its default. */
export function refuseUnknownKeys(name: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const told = JSON.stringify(unknown.slice(0, MAX_TOLD));
    throw new TypeError(`${name} has an unknown option ${told}; ${among(unknown, known)}`);
  }
}

/**
 * Checks that a value is an object of known keys. The caller must check each member: the type `Options` tells what callers may
 * pass, not what they did pass.
 * @param name the name of the option or the argument, for messages.
 * @param value the value that the caller passed.
 * @param known the allowed keys.
 * @param example ends the message for a value that is not an object, such as `'{ user }'`. Default: none.
 * @throws `TypeError` for any other value.
 */
export function parseArguments<Options extends object = Record<string, unknown>>(
  name: string,
  value: unknown,
  known: readonly string[],
  example = '',
): Options {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isThenable(value)) {
    throw new TypeError(`${name} must be an object, not ${kindOf(value)}${example && `; such as ${example}`}`);
  }
  refuseUnknownKeys(name, value, known);
  return value as Options;
}

/**
 * Returns the type of a value in words, for a message that must not show the value.
 * @param value any value. It may be secret.
 */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (isThenable(value)) return 'a promise (await it)';
  if (value instanceof Date) return 'a Date';
  return Array.isArray(value) ? 'an array' : 'an object';
}

const isThenable = (value: object): boolean => 'then' in value && typeof value.then === 'function';

/**
 * Returns a value for a message: text in quotation marks, and only the type of an object.
 * @param value any value that is not secret. Text is cut after 40 characters.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_TOLD));
  return typeof value === 'object' || typeof value === 'function' ? kindOf(value) : String(value);
}
