import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { kindOf } from '../../../src/adapter.ts';

/** A new secret of a client. */
export interface ClientSecret {
  /** For the client only. It cannot be derived from the hash: show it once. */
  readonly secret: string;
  /** For the option `clients`. */
  readonly secretHash: string;
}

const SECRET_BYTES = 32;
/** 128 bits take 22 characters of base64url. */
const MIN_LENGTH = 22;
// The prefix keeps a secret from passing for a hash.
const HASH = /^sha256\.[\w-]{43}$/;

/** Creates a secret of 256 random bits, and its hash. */
export function newClientSecret(): ClientSecret {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { secret, secretHash: hashClientSecret(secret) };
}

/**
 * Hashes a secret that a client already has, with SHA-256. It must be random: a quick hash does not protect a password.
 * @param secret at least 22 characters (128 bits in base64url).
 * @throws `TypeError` if it is shorter.
 */
export function hashClientSecret(secret: string): string {
  if (typeof secret !== 'string' || secret.length < MIN_LENGTH) {
    const found = typeof secret === 'string' ? `has ${secret.length} characters` : `is ${kindOf(secret)}`;
    throw new TypeError(`the secret ${found}; allowed is random text of at least ${MIN_LENGTH} characters`);
  }
  return hashOf(secret);
}

const hashOf = (secret: string): string => `sha256.${hash('sha256', secret, 'base64url')}`;

export function parseSecretHashes(name: string, value: unknown): readonly string[] {
  const hashes: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isHash = (one: unknown): one is string => typeof one === 'string' && HASH.test(one);
  // The message does not show the value, because it may be the secret.
  if (hashes.length === 0 || !hashes.every(isHash)) {
    throw new TypeError(`${name} must be a hash that hashClientSecret(secret) made, or an array of them`);
  }
  return hashes;
}

/** The hash of a secret that no client has. */
const NO_SECRET = [newClientSecret().secretHash];

/** Compares a secret with hashes in constant time. `null`, for an unknown client, takes as long as one hash. */
export function isSecret(secret: string, hashes: readonly string[] | null): boolean {
  const given = Buffer.from(hashOf(secret));
  const equal = (hashes ?? NO_SECRET).map((one) => timingSafeEqual(given, Buffer.from(one)));
  return hashes !== null && equal.includes(true);
}
