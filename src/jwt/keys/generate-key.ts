import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { parseText } from '../../lib/input.ts';
import { type Algorithm, parseAlgorithm } from './algorithms.ts';
import type { JsonWebKey } from './keys.ts';

/** A new key as JSON: an element of the option `keys`, ready for a secret store. */
export type GeneratedKey =
  | {
      /** The algorithm that the key was generated for. */
      readonly alg: Exclude<Algorithm, 'HS256'>;
      /** Name of the key, in the header of tokens. */
      readonly kid: string;
      /** Keep it secret. */
      readonly privateKey: JsonWebKey;
      /** The half that checks tokens. It need not be secret. */
      readonly publicKey: JsonWebKey;
    }
  | {
      /** The algorithm that the secret was generated for. */
      readonly alg: 'HS256';
      /** Name of the secret, in the header of tokens. */
      readonly kid: string;
      /** Keep it secret. */
      readonly secret: JsonWebKey;
    };

const RSA_BITS = 2048;
const SECRET_BYTES = 32;

/**
 * Generates a signing key: Ed25519, P-256, RSA of 2,048 bits, or 256 random bits for HS256. The default `kid` is the
 * key's thumbprint (RFC 7638), or random for HS256.
 * @param alg the algorithm that the key is for. Any other value is a `TypeError`.
 * @param kid the name of the key, at most 256 characters.
 * @example
 * ```ts
 * import { generateKey } from 'session-revocation/jwt';
 *
 * console.log(JSON.stringify(generateKey('EdDSA'))); // for the secret store
 * ```
 */
export function generateKey(alg: Algorithm, kid?: string): GeneratedKey {
  const algorithm = parseAlgorithm('alg', alg);
  const name = kid === undefined ? undefined : parseText('kid', kid);
  if (algorithm === 'HS256') {
    const secret = { kty: 'oct', k: randomBytes(SECRET_BYTES).toString('base64url') };
    return { alg: algorithm, kid: name ?? randomBytes(SECRET_BYTES / 2).toString('base64url'), secret };
  }
  const pair = newPair(algorithm);
  const publicKey = jwkOf(pair.publicKey);
  return { alg: algorithm, kid: name ?? thumbprint(publicKey), privateKey: jwkOf(pair.privateKey), publicKey };
}

function newPair(algorithm: Exclude<Algorithm, 'HS256'>): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
}

const jwkOf = (key: KeyObject): JsonWebKey => key.export({ format: 'jwk' }) as JsonWebKey;

/** RFC 7638: all members of a public key, sorted by name. */
const thumbprint = (jwk: JsonWebKey): string =>
  createHash('sha256')
    .update(JSON.stringify(jwk, Object.keys(jwk).sort()))
    .digest('base64url');
