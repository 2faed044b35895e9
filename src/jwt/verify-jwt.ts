import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { CLOCKS_APART } from '../lib/clock.ts';
import { isSessionError } from '../lib/errors.ts';
import { parseText } from '../lib/input.ts';
import { MAX_ISSUED_AHEAD } from './access/claims.ts';
import { parseCompact } from './compact.ts';
import { parseKeySet } from './keys/key-set.ts';

/** Algorithms of other issuers. All use key pairs, so a party that checks tokens cannot sign them. */
export type ExternalAlgorithm = 'EdDSA' | `ES${256 | 384 | 512}` | `RS${256 | 384 | 512}` | `PS${256 | 384 | 512}`;

/** Keys of another party, and the algorithms that they are used with. */
export interface ExternalKeys {
  readonly key: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

/** What a JWT of another party must have. */
export interface JwtRules extends ExternalKeys {
  /** `iss`, compared exactly. */
  readonly issuer: string;
  /** `aud` must have one of these. `null`: not compared. */
  readonly audience: readonly string[] | null;
  /** Accepted types (`typ`), in lower case and without `application/`. A token without a type is a `jwt`. */
  readonly types: readonly string[];
  /** Claims that must be there. */
  readonly required: readonly string[];
  /** In seconds. */
  readonly clockTolerance: number;
}

const MAX_JTI = 256;
const ALGORITHMS = ['EdDSA', ...['ES', 'RS', 'PS'].flatMap((sort) => [`${sort}256`, `${sort}384`, `${sort}512`])];

/**
 * Checks form, type, signature, issuer, audience and times of a JWT. A malformed token, and one of another type or algorithm, is
 * refused before keys are fetched. `now` is Unix ms.
 * @throws `SESSION_KEYS_UNAVAILABLE` if the keys could not be fetched.
 */
export async function verifyJwt(
  rules: JwtRules,
  jwt: unknown,
  now: number,
): Promise<JWTPayload | 'malformed' | 'invalid' | 'expired'> {
  const { key, issuer, audience, algorithms, clockTolerance, required } = rules;
  const parts = parseCompact(jwt);
  if (parts === null) return 'malformed';
  // Before the signature, so that a wrong type fetches no keys. jose does the same with the algorithm.
  if (!rules.types.includes(sortOf(parts.header.typ))) return 'invalid';
  try {
    const { payload } = await jwtVerify(jwt as string, key, {
      ...{ issuer, algorithms: [...algorithms], clockTolerance, requiredClaims: [...required] },
      ...(audience === null ? {} : { audience: [...audience] }),
      currentDate: new Date(now),
    });
    return payload.iat !== undefined && payload.iat * 1000 > now + MAX_ISSUED_AHEAD ? 'invalid' : payload;
  } catch (error) {
    if (isSessionError(error) || !(error instanceof errors.JOSEError)) throw error;
    return error instanceof errors.JWTExpired ? 'expired' : 'invalid';
  }
}

/** Tells whether a `jti` can be noted as used. */
export const isJti = (jti: unknown): jti is string => typeof jti === 'string' && jti !== '' && jti.length <= MAX_JTI;

/** Returns until when the use of a token must be noted, Unix ms: a process whose clock is behind accepts the token for longer. */
export const usedUntil = (exp: number): number => exp * 1000 + CLOCKS_APART;

/** Returns the type of a token in lower case, without the prefix `application/` (RFC 7515, 4.1.9). */
export const sortOf = (typ: string | undefined): string => (typ ?? 'JWT').toLowerCase().replace(/^application\//, '');

/** Parses the options `jwks` and `algorithms`. `timeout`, in ms, limits the fetching of keys. */
export function parseExternalKeys(jwks: unknown, algorithms: unknown, timeout: number): ExternalKeys {
  return { key: parseKeySet(jwks, timeout), algorithms: parseAlgorithms(algorithms) };
}

function parseAlgorithms(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new TypeError(`algorithms must be an array of at least one of ${ALGORITHMS.join(', ')}`);
  }
  return value.map((one, at) => parseOneOf(`algorithms[${at}]`, one, ALGORITHMS));
}

export function parseOneOf(name: string, value: unknown, allowed: readonly string[]): string {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new TypeError(`${name} is ${JSON.stringify(parseText(name, value))}; allowed are ${allowed.join(', ')}`);
}
