import { parseArguments, parseDuration } from '../../../src/adapter.ts';
import type { Duration } from '../../../src/index.ts';
import { parseCompact } from '../../../src/jwt/compact.ts';
import type { ExternalAlgorithm, JsonWebKey } from '../../../src/jwt/index.ts';
import { parseAudience, parseIssuer } from '../../../src/jwt/issuer.ts';
import { isJti, type JwtRules, parseExternalKeys, sortOf, verifyJwt } from '../../../src/jwt/verify-jwt.ts';
import { invalidRequest, Refusal } from '../shared/answer.ts';

/** The party that sends signed tokens to a receiver, and its keys: as for `externalTokens`. */
export interface ProviderOptions {
  /** The issuer, exactly as in `iss`: an https URL; http only on loopback. */
  readonly issuer: string;
  /** Accepted audiences (`aud`): a token must name one of them. */
  readonly audience: string | readonly string[];
  /**
   * The issuer's public keys, or their https URL; http only on loopback. Redirects are not followed. Fetched keys are
   * used for 10 minutes. An unknown `kid` causes a new request at most every 30 s.
   */
  readonly jwks: URL | string | { readonly keys: readonly JsonWebKey[] } | readonly JsonWebKey[];
  /** Accepted signature algorithms. Required: a token cannot choose another one. */
  readonly algorithms: readonly ExternalAlgorithm[];
  /** Possible error of the issuer's clock. At most `'1m'`. Default `'5s'`. */
  readonly clockTolerance?: Duration | undefined;
  /** Time limit for fetching keys. The answer is then 503. At most `'30s'`. Default `'5s'`. */
  readonly timeout?: Duration | undefined;
}

export const PROVIDER_KEYS: readonly string[] = [
  ...['issuer', 'audience', 'jwks', 'algorithms', 'clockTolerance', 'timeout'],
];

/** In ms. */
const MAX_TOLERANCE = 60e3;
const MAX_TIMEOUT = 30e3;
/** In ms: the longest time until a token expires. It bounds how long its `jti` is noted. */
const MAX_LIFETIME = 24 * 3600e3;

/** Claims of a token that was verified. The `jti` is valid once. */
export interface ProvedClaims {
  readonly iss: string;
  readonly jti: string;
  /** Unix seconds. */
  readonly iat: number;
  readonly [claim: string]: unknown;
}

/** Verifies the tokens of one party. */
export class Provider {
  readonly issuer: string;
  readonly #rules: Omit<JwtRules, 'types' | 'required'>;

  constructor(input: object) {
    const options = parseArguments('options', input, PROVIDER_KEYS);
    const timeout = parseDuration('timeout', options.timeout ?? '5s', { max: MAX_TIMEOUT });
    const tolerance = parseDuration('clockTolerance', options.clockTolerance ?? '5s', { min: 0, max: MAX_TOLERANCE });
    this.issuer = parseIssuer('issuer', options.issuer);
    this.#rules = {
      issuer: this.issuer,
      audience: parseAudience('audience', options.audience),
      ...parseExternalKeys(options.jwks, options.algorithms, timeout),
      clockTolerance: tolerance / 1e3,
    };
  }

  /**
   * Verifies a token of one of these types that has `required`, and also `jti` and `iat`. Returns its claims, or why it is refused.
   * `now` is Unix ms.
   * @throws `SESSION_KEYS_UNAVAILABLE` if the keys could not be fetched.
   */
  async verify(
    jwt: string,
    types: readonly string[],
    required: readonly string[],
    now: number,
  ): Promise<ProvedClaims | (Awaited<ReturnType<typeof verifyJwt>> & string)> {
    const claims = await verifyJwt({ ...this.#rules, types, required: ['jti', 'iat', ...required] }, jwt, now);
    if (typeof claims === 'string') return claims;
    const { jti, iat, exp } = claims;
    if (!isJti(jti) || typeof iat !== 'number') return 'invalid';
    if (exp !== undefined && exp * 1000 > now + MAX_LIFETIME) return 'invalid';
    return { ...claims, iss: this.issuer, jti, iat };
  }

  /** Says why `verify` refused a security event token, by a code of RFC 8935, 2.4. The token proves nothing. */
  refusalOf(jwt: string, type: string): Refusal {
    const parts = parseCompact(jwt);
    if (parts === null) return invalidRequest('the token is no JWT');
    const { header, claims } = parts;
    if (sortOf(header.typ) !== type) return invalidRequest(`typ must be ${type}`);
    if (claims.iss !== this.issuer) return new Refusal('invalid_issuer', 'the issuer is not the one of this stream');
    const { audience } = this.#rules;
    if (!partyIn(claims.aud).some((one) => audience?.includes(one as string))) {
      return new Refusal('invalid_audience', 'the audience is not this receiver');
    }
    const isComplete = typeof claims.jti === 'string' && typeof claims.iat === 'number' && 'events' in claims;
    if (!isComplete) return invalidRequest('jti, iat or events is missing');
    return new Refusal('invalid_key', 'the signature is wrong, or its key or algorithm is not accepted');
  }
}

const partyIn = (audience: unknown): readonly unknown[] => (Array.isArray(audience) ? audience : [audience]);
