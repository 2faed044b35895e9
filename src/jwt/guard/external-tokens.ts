import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { inCall } from '../../lib/call.ts';
import { type Clock, systemClock, timeOf } from '../../lib/clock.ts';
import { type Duration, parseDuration } from '../../lib/duration.ts';
import { isSessionError } from '../../lib/errors.ts';
import { parseArguments, parseText } from '../../lib/input.ts';
import { MAX_ISSUED_AHEAD } from '../access/claims.ts';
import { parseCompact, type TokenClaims } from '../compact.ts';
import { parseAudience, parseIssuer } from '../issuer.ts';
import { parseKeySet } from '../keys/key-set.ts';
import type { JsonWebKey } from '../keys/keys.ts';
import { MAX_SKEW } from './options.ts';

/** Algorithms of other issuers. All use key pairs, so a party that checks tokens cannot sign them. */
export type ExternalAlgorithm = 'EdDSA' | `ES${256 | 384 | 512}` | `RS${256 | 384 | 512}` | `PS${256 | 384 | 512}`;

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
  readonly jwks: URL | string | { readonly keys: readonly JsonWebKey[] } | readonly JsonWebKey[];
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
  | { readonly ok: true; readonly claims: TokenClaims }
  | { readonly ok: false; readonly claims: null; readonly reason: 'malformed' | 'invalid' | 'expired' };

/** Verifies the tokens of one other issuer. */
export interface ExternalTokens {
  /**
   * Checks form, signature, issuer, audience, type and times of a token. Malformed tokens and other algorithms are
   * refused before keys are fetched.
   * @throws `SESSION_KEYS_UNAVAILABLE` if the keys could not be fetched. Answer 503, because the token may be genuine.
   */
  verify(jwt: unknown): Promise<ExternalVerdict>;
}

const KNOWN = ['issuer', 'audience', 'client', 'jwks', 'algorithms', 'typ', 'clockTolerance', 'timeout', 'clock'];
const ALGORITHMS = ['EdDSA', ...['ES', 'RS', 'PS'].flatMap((sort) => [`${sort}256`, `${sort}384`, `${sort}512`])];
const TYPES = ['at+jwt', 'JWT'];
const MAX_TIMEOUT = 30e3;
const DEFAULTS = { typ: 'at+jwt', clockTolerance: '5s', timeout: '5s' } as const;

/**
 * Creates a verifier for the tokens of another issuer. Pass its claims to {@link tokenGuard}.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function externalTokens(options: ExternalTokenOptions): ExternalTokens {
  const settings = inCall('externalTokens({ issuer, audience, keys })', () => parseOptions(options));
  return { verify: (jwt) => verify(settings, jwt) };
}

interface ExternalTokenSettings {
  readonly issuer: string;
  readonly audience: readonly string[] | null;
  readonly client: readonly string[] | null;
  readonly key: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
  readonly typ: string;
  /** In seconds. */
  readonly clockTolerance: number;
  readonly clock: Clock;
}

async function verify(settings: ExternalTokenSettings, jwt: unknown): Promise<ExternalVerdict> {
  const { issuer, audience, client, algorithms, typ, clockTolerance, clock } = settings;
  const parts = parseCompact(jwt);
  if (parts === null) return refused('malformed');
  const { header } = parts;
  // Before the signature, so that a wrong type fetches no keys. jose does the same with the algorithm.
  if (sortOf(header.typ) !== typ.toLowerCase()) return refused('invalid');
  try {
    const now = timeOf(clock);
    const { payload } = await jwtVerify(jwt as string, settings.key, {
      ...{ issuer, algorithms: [...algorithms], clockTolerance, requiredClaims: ['exp'] },
      ...(audience === null ? {} : { audience: [...audience] }),
      currentDate: new Date(now),
    });
    if ('events' in payload || (client !== null && !client.includes(payload.client_id as string))) {
      return refused('invalid');
    }
    if (payload.iat !== undefined && payload.iat * 1000 > now + MAX_ISSUED_AHEAD) return refused('invalid');
    return { ok: true, claims: payload };
  } catch (error) {
    if (isSessionError(error) || !(error instanceof errors.JOSEError)) throw error;
    return refused(error instanceof errors.JWTExpired ? 'expired' : 'invalid');
  }
}

const refused = (reason: 'malformed' | 'invalid' | 'expired'): ExternalVerdict => ({ ok: false, claims: null, reason });

/** Returns the type of a token in lower case, without the prefix `application/` (RFC 7515, 4.1.9). */
const sortOf = (typ: string | undefined): string => (typ ?? 'JWT').toLowerCase().replace(/^application\//, '');

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
  return Object.freeze({
    issuer: parseIssuer('issuer', options.issuer),
    audience: options.audience === undefined ? null : parseAudience('audience', options.audience),
    client: options.client === undefined ? null : parseAudience('client', options.client),
    key: parseKeySet(options.jwks, timeout),
    algorithms: parseAlgorithms(options.algorithms),
    typ: parseOneOf('typ', options.typ ?? DEFAULTS.typ, TYPES),
    clockTolerance: clockTolerance / 1e3,
    clock: clock as Clock,
  });
}

function parseAlgorithms(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new TypeError(`algorithms must be an array of at least one of ${ALGORITHMS.join(', ')}`);
  }
  return value.map((one, at) => parseOneOf(`algorithms[${at}]`, one, ALGORITHMS));
}

function parseOneOf(name: string, value: unknown, allowed: readonly string[]): string {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new TypeError(`${name} is ${JSON.stringify(parseText(name, value))}; allowed are ${allowed.join(', ')}`);
}
