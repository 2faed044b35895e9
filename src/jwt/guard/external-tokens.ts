import { inCall } from '../../lib/call.ts';
import { type Clock, systemClock, timeOf } from '../../lib/clock.ts';
import { type Duration, parseDuration } from '../../lib/duration.ts';
import { parseArguments } from '../../lib/input.ts';
import type { TokenClaims } from '../compact.ts';
import { parseAudience, parseIssuer } from '../issuer.ts';
import type { JsonWebKey } from '../keys/keys.ts';
import { type ExternalAlgorithm, type JwtRules, parseExternalKeys, parseOneOf, verifyJwt } from '../verify-jwt.ts';
import { MAX_SKEW } from './options.ts';

/** Options of {@link externalTokens}. Unknown or contradictory options throw a `TypeError`. */
export interface ExternalTokenOptions {
  /** The issuer, exactly as in `iss`: an https URL; http only on loopback. */
  readonly issuer: string;
  /** Accepted audiences (`aud`): a token must name one of them. Required without `client`. */
  readonly audience?: string | readonly string[] | undefined;
  /** Accepted values of `client_id`, for access tokens without `aud` (Cognito's). Required without `audience`. */
  readonly client?: string | readonly string[] | undefined;
  /**
   * The issuer's public keys, or their https URL; http only on loopback. Redirects are not followed. Fetched keys are
   * used for 10 minutes. An unknown `kid` causes a new request at most every 30 s.
   */
  readonly jwks:
    | URL
    | string
    | {
        /** At least one key, each the public half of a pair. */
        readonly keys: readonly JsonWebKey[];
      }
    | readonly JsonWebKey[];
  /** Accepted signature algorithms. Required: a token cannot choose another one. */
  readonly algorithms: readonly ExternalAlgorithm[];
  /**
   * Type of token (`typ`). `'at+jwt'` accepts only access tokens (RFC 9068). `'JWT'` is for issuers that name no type,
   * and accepts tokens without another type, even ID tokens. Default `'at+jwt'`.
   */
  readonly typ?: 'at+jwt' | 'JWT' | undefined;
  /**
   * Possible error of the issuer's clock, for `exp` and `nbf`. At most `'1m'`. Default `'5s'`. A token whose `iat` is
   * more than a minute in the future is always refused.
   */
  readonly clockTolerance?: Duration | undefined;
  /** Time limit for fetching keys. `verify` then throws `SESSION_KEYS_UNAVAILABLE`. At most `'30s'`. Default `'5s'`. */
  readonly timeout?: Duration | undefined;
  /** For tests. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** Result of {@link ExternalTokens.verify}. `'invalid'`: wrong signature, issuer, audience or type. */
export type ExternalVerdict =
  | {
      /** The token is genuine. It may be revoked: ask {@link TokenGuard.check}. */
      readonly ok: true;
      /** All claims of the token, for {@link TokenGuard.check}. */
      readonly claims: TokenClaims;
    }
  | {
      /** The token is refused. */
      readonly ok: false;
      /** Always `null`. */
      readonly claims: null;
      /** The reason. `'malformed'`: not a signed token in compact form. `'expired'`: its `exp` has passed. */
      readonly reason: 'malformed' | 'invalid' | 'expired';
    };

/** Verifies the tokens of one other issuer. */
export interface ExternalTokens {
  /**
   * Checks form, signature, issuer, audience, type and times of a token. Malformed tokens and other algorithms are
   * refused before keys are fetched.
   * @param jwt the client's token, as it came. Any value but a text is refused as `'malformed'`.
   * @throws `SESSION_KEYS_UNAVAILABLE` if the keys could not be fetched. Answer 503, because the token may be genuine.
   */
  verify(jwt: unknown): Promise<ExternalVerdict>;
}

const KNOWN = ['issuer', 'audience', 'client', 'jwks', 'algorithms', 'typ', 'clockTolerance', 'timeout', 'clock'];
const TYPES = ['at+jwt', 'JWT'];
const MAX_TIMEOUT = 30e3;
const DEFAULTS = { typ: 'at+jwt', clockTolerance: '5s', timeout: '5s' } as const;

/**
 * Creates a verifier for the tokens of another issuer. Pass its claims to {@link tokenGuard}.
 * @param options the issuer, its keys and algorithms, and `audience` or `client`.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function externalTokens(options: ExternalTokenOptions): ExternalTokens {
  const settings = inCall('externalTokens({ issuer, audience, jwks, algorithms })', () => parseOptions(options));
  return { verify: (jwt) => verify(settings, jwt) };
}

interface ExternalTokenSettings {
  readonly rules: JwtRules;
  readonly client: readonly string[] | null;
  readonly clock: Clock;
}

async function verify({ rules, client, clock }: ExternalTokenSettings, jwt: unknown): Promise<ExternalVerdict> {
  const claims = await verifyJwt(rules, jwt, timeOf(clock));
  if (typeof claims === 'string') return refused(claims);
  const isOther = client !== null && !client.includes(claims.client_id as string);
  // A security event token (RFC 8417, 4.2) must never grant access.
  return isOther || 'events' in claims ? refused('invalid') : { ok: true, claims };
}

const refused = (reason: 'malformed' | 'invalid' | 'expired'): ExternalVerdict => ({ ok: false, claims: null, reason });

function parseOptions(input: unknown): ExternalTokenSettings {
  const options = parseArguments('options', input, KNOWN);
  const { clock = systemClock } = options;
  if (typeof (clock as Partial<Clock> | null)?.now !== 'function') throw new TypeError('clock must have a method now');
  if (options.audience === undefined && options.client === undefined) {
    throw new TypeError('audience is missing: name the recipient of the tokens; or set client, if they have no aud');
  }
  const timeout = parseDuration('timeout', options.timeout ?? DEFAULTS.timeout, { max: MAX_TIMEOUT });
  const clockTolerance = parseDuration('clockTolerance', options.clockTolerance ?? DEFAULTS.clockTolerance, {
    min: 0,
    max: MAX_SKEW,
  });
  const rules: JwtRules = {
    issuer: parseIssuer('issuer', options.issuer),
    audience: options.audience === undefined ? null : parseAudience('audience', options.audience),
    ...parseExternalKeys(options.jwks, options.algorithms, timeout),
    types: [parseOneOf('typ', options.typ ?? DEFAULTS.typ, TYPES).toLowerCase()],
    required: ['exp'],
    clockTolerance: clockTolerance / 1e3,
  };
  const client = options.client === undefined ? null : parseAudience('client', options.client);
  return Object.freeze({ rules, client, clock: clock as Clock });
}
