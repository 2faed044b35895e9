import { createPrivateKey, createPublicKey, createSecretKey, KeyObject, type webcrypto } from 'node:crypto';
import { types } from 'node:util';
import { importJWK } from 'jose';
import { kindOf, parseArguments, parseText } from '../../lib/input.ts';
import { isPlainObject } from '../../lib/json.ts';
import { type Algorithm, pairAlgorithm, parseAlgorithm } from './algorithms.ts';

/** A key as JSON (RFC 7517). */
export interface JsonWebKey {
  /** Type of the key, such as `'OKP'`, `'EC'` or `'RSA'`; `'oct'` for a secret. */
  readonly kty: string;
  readonly [member: string]: unknown;
}

/** Half of a key pair. A string is PEM: PKCS #8 for a private key, SPKI for a public key. */
export type KeyInput = string | JsonWebKey | KeyObject | webcrypto.CryptoKey;

/** A key that signs or checks access tokens. */
export type TokenKey =
  | {
      /** The only algorithm that the key is used with. */
      readonly alg: Exclude<Algorithm, 'HS256'>;
      /** Name of the key, in the header of tokens: unique, and always the same for one key. */
      readonly kid: string;
      /** Omit it for a key that only checks: one that was replaced, or will sign after the next deployment. */
      readonly privateKey?: KeyInput | undefined;
      /** Default: derived from the private key. */
      readonly publicKey?: KeyInput | undefined;
    }
  | {
      /** The only algorithm that the key is used with. */
      readonly alg: 'HS256';
      /** Name of the key, in the header of tokens: unique, and always the same for one key. */
      readonly kid: string;
      /** At least 32 random bytes, not a passphrase. Every party that can check tokens with it can also sign them. */
      readonly secret: Uint8Array | KeyObject | JsonWebKey;
    };

/** A key that is ready for use. It is imported once, because an import costs as much as checking a signature. */
export interface ReadyKey {
  readonly alg: Algorithm;
  readonly kid: string;
  /** The public key; `null` for a secret. */
  readonly jwk: JsonWebKey | null;
  /** `null` for a key that only checks. */
  readonly sign: Promise<webcrypto.CryptoKey> | null;
  readonly verify: Promise<webcrypto.CryptoKey>;
}

const MIN_SECRET = 32;
const KEY_MEMBERS = ['alg', 'kid', 'privateKey', 'publicKey', 'secret'];

/** Parses the option `keys`, whose first key signs. Errors name the key. */
export function parseKeys(input: unknown): readonly [ReadyKey, ...ReadyKey[]] {
  if (!Array.isArray(input)) {
    throw new TypeError(
      `keys must be an array of keys, the first of which signs, not ${kindOf(input)}; generateKey(alg) makes one`,
    );
  }
  const [first, ...others] = input.map((key, at) => parseKey(`keys[${at}]`, key));
  if (first === undefined) throw new TypeError('keys is empty; the first key signs');
  if (first.sign === null) throw new TypeError('keys[0] has no privateKey; the first key signs');
  const keys = [first, ...others] as const;
  const kinds = new Set(keys.map(({ jwk }) => jwk === null));
  if (kinds.size > 1) throw new TypeError('keys mixes HS256 with key pairs: a public key could be taken for a secret');
  const twice = keys.find(({ kid }, at) => keys.findIndex((other) => other.kid === kid) !== at);
  if (twice !== undefined) throw new TypeError(`two keys have the kid ${JSON.stringify(twice.kid)}`);
  const pairs = keys.map(({ jwk }) => JSON.stringify(jwk));
  if (first.jwk !== null && new Set(pairs).size < pairs.length) {
    throw new TypeError('keys has one key under two names; use one kid and one alg per key');
  }
  return keys;
}

function parseKey(name: string, input: unknown): ReadyKey {
  const key = parseArguments(name, input, KEY_MEMBERS);
  const alg = parseAlgorithm(`${name}.alg`, key.alg);
  const kid = parseText(`${name}.kid`, key.kid);
  const needless = alg === 'HS256' ? ['privateKey', 'publicKey'] : ['secret'];
  const wrong = needless.find((member) => key[member] !== undefined);
  if (wrong !== undefined) throw new TypeError(`${name}.${wrong} does not go with ${alg}`);
  return alg === 'HS256' ? parseSecret(name, alg, kid, key.secret) : parsePair(name, alg, kid, key);
}

function parseSecret(name: string, alg: Algorithm, kid: string, value: unknown): ReadyKey {
  const secret = secretOf(`${name}.secret`, value);
  const size = secret.symmetricKeySize ?? 0;
  if (size < MIN_SECRET) {
    throw new TypeError(`${name}.secret has ${size} bytes; at least ${MIN_SECRET} random ones are needed`);
  }
  const bytes = secret.export();
  const both = awaitedLater(crypto.subtle.importKey('raw', bytes, HMAC, false, ['sign', 'verify']));
  return { alg, kid, jwk: null, sign: both, verify: both };
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' };

function secretOf(name: string, value: unknown): KeyObject {
  if (typeof value === 'string') {
    throw new TypeError(`${name} is a string; use random bytes (Buffer.from(text, 'base64url')), not a passphrase`);
  }
  if (value instanceof KeyObject && value.type === 'secret') return value;
  if (value instanceof Uint8Array) return createSecretKey(value);
  if (isPlainObject(value) && value.kty === 'oct' && typeof value.k === 'string') {
    return createSecretKey(value.k, 'base64url');
  }
  throw new TypeError(`${name} must be bytes, a secret KeyObject, or a JWK of the kty oct`);
}

function parsePair(name: string, alg: Algorithm, kid: string, key: Record<string, unknown>): ReadyKey {
  const secret = key.privateKey === undefined ? null : half(`${name}.privateKey`, alg, 'private', key.privateKey);
  const open = key.publicKey === undefined ? null : half(`${name}.publicKey`, alg, 'public', key.publicKey);
  const derived = secret === null ? null : createPublicKey(secret.key);
  const shown = open?.key ?? derived;
  if (shown === null) throw new TypeError(`${name} has neither a privateKey nor a publicKey`);
  if (derived !== null && open !== null && !derived.equals(open.key)) {
    throw new TypeError(`${name}.publicKey does not belong to ${name}.privateKey`);
  }
  const jwk = shown.export({ format: 'jwk' }) as JsonWebKey;
  return { alg, kid, jwk, sign: secret?.imported() ?? null, verify: open?.imported() ?? imported(jwk, alg) };
}

interface Half {
  readonly key: KeyObject;
  imported(): Promise<webcrypto.CryptoKey>;
}

function half(name: string, alg: Algorithm, type: 'private' | 'public', value: unknown): Half {
  const algorithm = pairAlgorithm(alg);
  const usage = type === 'private' ? 'sign' : 'verify';
  let key: KeyObject;
  try {
    key = keyObjectOf(type, value);
  } catch (cause) {
    const forms = 'PEM text, a JWK, a KeyObject or a CryptoKey';
    throw new TypeError(`${name} is not a readable ${type} key; allowed are ${forms}`, { cause });
  }
  if (!algorithm?.fits(key)) throw new TypeError(`${name} does not fit ${alg}, which takes ${algorithm?.wants}`);
  if (isPlainObject(value)) {
    if (value.alg !== undefined && value.alg !== alg && !(alg === 'EdDSA' && value.alg === 'Ed25519')) {
      throw new TypeError(`${name} has the alg ${String(value.alg)}, not ${alg}`);
    }
    if (value.use !== undefined && value.use !== 'sig') throw new TypeError(`${name} has a use other than sig`);
  }
  if (!types.isCryptoKey(value)) {
    return { key, imported: () => imported(key.export({ format: 'jwk' }) as JsonWebKey, alg) };
  }
  // A CryptoKey may not be exportable.
  const { hash } = value.algorithm as { readonly hash?: { readonly name: string } };
  if (value.algorithm.name !== algorithm.name || (hash !== undefined && hash.name !== 'SHA-256')) {
    throw new TypeError(`${name} is a CryptoKey of ${value.algorithm.name}, which does not fit ${alg}`);
  }
  if (!value.usages.includes(usage)) throw new TypeError(`${name} is a CryptoKey that may not ${usage}`);
  return { key, imported: () => Promise.resolve(value) };
}

function keyObjectOf(type: 'private' | 'public', value: unknown): KeyObject {
  const key = types.isCryptoKey(value) ? KeyObject.from(value) : value;
  if (key instanceof KeyObject) {
    if (key.type !== type) throw new TypeError(`it is a ${key.type} key`);
    return key;
  }
  const create = type === 'private' ? createPrivateKey : createPublicKey;
  if (typeof key === 'string') return create({ key, format: 'pem' });
  // A copy: Node does not know all members of a JWK.
  return create({ key: { ...(key as JsonWebKey) }, format: 'jwk' });
}

const imported = (jwk: JsonWebKey, alg: Algorithm): Promise<webcrypto.CryptoKey> =>
  awaitedLater(importJWK({ ...jwk, ext: false }, alg) as Promise<webcrypto.CryptoKey>);

/** Keeps a failed import from being an unhandled rejection. It rejects where the key is first used. */
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
