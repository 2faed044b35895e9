import type { KeyObject } from 'node:crypto';

/**
 * How tokens are signed (RFC 7518, 3.1; RFC 8037): there are no others. HS256 signs with the secret that checks, so that whoever
 * checks can sign, too.
 */
export type Algorithm = 'EdDSA' | 'ES256' | 'RS256' | 'PS256' | 'HS256';

/** What is special about an algorithm whose keys are pairs. */
interface PairAlgorithm {
  /** What its keys are, in words. */
  readonly wants: string;
  /** How WebCrypto calls it. */
  readonly name: string;
  fits(key: KeyObject): boolean;
}

const LEAST_RSA_BITS = 2048;

// `rsa-pss` keys have no form as a JWK.
const isRsa = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean =>
  asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= LEAST_RSA_BITS;
const RSA = `an RSA key of at least ${LEAST_RSA_BITS} bits`;

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

/** @throws `TypeError` for another one: `none` is none. */
export function parseAlgorithm(name: string, value: unknown): Algorithm {
  const found = ALGORITHMS.find((algorithm) => algorithm === value);
  if (found !== undefined) return found;
  throw new TypeError(`${name} is ${JSON.stringify(String(value).slice(0, 40))}; allowed are ${ALGORITHMS.join(', ')}`);
}

/** `null` for one whose keys are secrets. */
export const pairAlgorithm = (algorithm: Algorithm): PairAlgorithm | null =>
  algorithm === 'HS256' ? null : PAIRS[algorithm];
