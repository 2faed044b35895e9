import type { KeyObject } from 'node:crypto';

/**
 * Signature algorithms (RFC 7518, 3.1; RFC 8037). HS256 uses one secret, so every party that can check tokens can also
 * sign them.
 */
export type Algorithm = 'EdDSA' | 'ES256' | 'RS256' | 'PS256' | 'HS256';

interface PairAlgorithm {
  /** For error messages. */
  readonly wants: string;
  /** Name in WebCrypto. */
  readonly name: string;
  fits(key: KeyObject): boolean;
}

const MIN_RSA_BITS = 2048;

// `rsa-pss` keys have no JWK form, and are refused.
const isRsa = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean =>
  asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
const RSA = `an RSA key of at least ${MIN_RSA_BITS} bits`;

const PAIRS: Readonly<Record<Exclude<Algorithm, 'HS256'>, PairAlgorithm>> = {
  EdDSA: { wants: 'an Ed25519 key', name: 'Ed25519', fits: (key) => key.asymmetricKeyType === 'ed25519' },
  ES256: {
    wants: 'an EC key on the curve P-256',
    name: 'ECDSA',
    fits: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
  },
  RS256: { wants: RSA, name: 'RSASSA-PKCS1-v1_5', fits: isRsa },
  PS256: { wants: RSA, name: 'RSA-PSS', fits: isRsa },
};

const ALGORITHMS: readonly Algorithm[] = ['EdDSA', 'ES256', 'RS256', 'PS256', 'HS256'];

export function parseAlgorithm(name: string, value: unknown): Algorithm {
  const found = ALGORITHMS.find((algorithm) => algorithm === value);
  if (found !== undefined) return found;
  throw new TypeError(`${name} is ${JSON.stringify(String(value).slice(0, 40))}; allowed are ${ALGORITHMS.join(', ')}`);
}

/** `null` for HS256, whose keys are secrets. */
export const pairAlgorithm = (algorithm: Algorithm): PairAlgorithm | null =>
  algorithm === 'HS256' ? null : PAIRS[algorithm];
