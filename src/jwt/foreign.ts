import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Clock, systemClock, timeOf } from '../clock.ts';
import { isSessionError } from '../errors.ts';
import { parseArguments, parseText } from '../input.ts';
import { type Duration, parseDuration } from '../lifetime.ts';
import { parseCompact, type TokenClaims } from './compact.ts';
import { parseKeySet } from './foreign-keys.ts';
import { LONGEST_SKEW } from './guard-options.ts';
import type { JsonWebKey } from './keys.ts';
import { parseAudience, parseIssuer } from './options.ts';

/** How other issuers may sign: by pairs of keys, so that whoever checks cannot sign. */
export type ForeignAlgorithm = 'EdDSA' | `ES${256 | 384 | 512}` | `RS${256 | 384 | 512}` | `PS${256 | 384 | 512}`;

/** The options of {@link foreignTokens}. Unknown or contradictory ones are a `TypeError` at once. */
export interface ForeignTokenOptions {
  /** Who issues the tokens, exactly as `iss` spells it: an https URL; http on loopback only. */
  readonly issuer: string;
  /** Whom tokens must be for, one of these, as `aud`. */
  readonly audience?: string | readonly string[] | undefined;
  /** The same by `client_id`, for access tokens without `aud` (Cognito's). One of both is needed. */
  readonly client?: string | readonly string[] | undefined;
  /**
   * Where the issuer publishes its keys: an https URL, http on loopback only, which is not left by a redirect; or its public
   * keys. Keys that were fetched are used for 10 minutes, and asked for again on account of an unknown `kid` every 30 s at most.
   */
  readonly jwks: URL | string | { readonly keys: readonly JsonWebKey[] } | readonly JsonWebKey[];
  /** How it signs: there is no default, and a token cannot choose. */
  readonly algorithms: readonly ForeignAlgorithm[];
  /**
   * `'at+jwt'` takes access tokens alone (RFC 9068). `'JWT'` takes what names no other sort, which may also be an ID token: for
   * issuers that do not say. Default `'at+jwt'`.
   */
  readonly typ?: 'at+jwt' | 'JWT' | undefined;
  /** How far the issuer's clock may be off, for `exp` and `nbf`. At most `'1m'`. Default `'5s'`. */
  readonly clockTolerance?: Duration | undefined;
  /** How long the keys may take to come, at most `'30s'`. Default `'5s'`. */
  readonly timeout?: Duration | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

/** What {@link ForeignTokens.verify} says: `'invalid'` where the signature, or whom it is for, is not right. */
export type ForeignVerdict =
  | { readonly ok: true; readonly claims: TokenClaims }
  | { readonly ok: false; readonly claims: null; readonly reason: 'malformed' | 'invalid' | 'expired' };

/** Verifies the tokens of one other issuer. */
export interface ForeignTokens {
  /**
   * Checks form, signature, issuer, audience, sort and time of a token. What is malformed, or signed in another way than allowed,
   * is refused before any key is asked for.
   * @throws `SESSION_KEYS_UNAVAILABLE` where the keys could not be had: 503, since nobody knows.
   */
  verify(jwt: unknown): Promise<ForeignVerdict>;
}

const KNOWN = ['issuer', 'audience', 'client', 'jwks', 'algorithms', 'typ', 'clockTolerance', 'timeout', 'clock'];
const ALGORITHMS = ['EdDSA', ...['ES', 'RS', 'PS'].flatMap((sort) => [`${sort}256`, `${sort}384`, `${sort}512`])];
const TYPES = ['at+jwt', 'JWT'];
const LONGEST_TIMEOUT = 30e3;
const DEFAULTS = { typ: 'at+jwt', clockTolerance: '5s', timeout: '5s' } as const;

/**
 * A verifier for the tokens of another issuer, to go before {@link tokenGuard}.
 *
 * @throws `TypeError` that names the option, what is wrong with it, and what is allowed.
 */
export function foreignTokens(options: ForeignTokenOptions): ForeignTokens {
  const settings = parseOptions(options);
  return { verify: (jwt) => verify(settings, jwt) };
}

interface ForeignSettings {
  readonly issuer: string;
  readonly audience: readonly string[] | null;
  readonly client: readonly string[] | null;
  readonly key: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
  readonly typ: string;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly clock: Clock;
}

async function verify(settings: ForeignSettings, jwt: unknown): Promise<ForeignVerdict> {
  const { issuer, audience, client, algorithms, typ, clockTolerance, clock } = settings;
  const parts = parseCompact(jwt);
  if (parts === null) return refused('malformed');
  const { header } = parts;
  // Before its signature, so that no key is asked for on account of it: so does jose with the algorithm.
  if (sortOf(header.typ) !== typ.toLowerCase()) return refused('invalid');
  try {
    const { payload } = await jwtVerify(jwt as string, settings.key, {
      ...{ issuer, algorithms: [...algorithms], clockTolerance, requiredClaims: ['exp'] },
      ...(audience === null ? {} : { audience: [...audience] }),
      currentDate: new Date(timeOf(clock)),
    });
    if ('events' in payload || (client !== null && !client.includes(payload.client_id as string))) {
      return refused('invalid');
    }
    return { ok: true, claims: payload };
  } catch (error) {
    if (isSessionError(error) || !(error instanceof errors.JOSEError)) throw error;
    return refused(error instanceof errors.JWTExpired ? 'expired' : 'invalid');
  }
}

const refused = (reason: 'malformed' | 'invalid' | 'expired'): ForeignVerdict => ({ ok: false, claims: null, reason });

/** The sort that a header names, without the `application/` that it may be written with (RFC 7515, 4.1.9). */
const sortOf = (typ: string | undefined): string => (typ ?? 'JWT').toLowerCase().replace(/^application\//, '');

function parseOptions(input: unknown): ForeignSettings {
  const options = parseArguments('foreignTokens', input, KNOWN);
  const { clock = systemClock } = options;
  if (typeof (clock as Partial<Clock> | null)?.now !== 'function') throw new TypeError('clock must have a method now');
  if (options.audience === undefined && options.client === undefined) {
    throw new TypeError('audience is missing: whom the tokens are for; or client, where they have no aud');
  }
  const timeout = bounded('timeout', options.timeout ?? DEFAULTS.timeout, 1, LONGEST_TIMEOUT);
  return Object.freeze({
    issuer: parseIssuer('issuer', options.issuer),
    audience: options.audience === undefined ? null : parseAudience('audience', options.audience),
    client: options.client === undefined ? null : parseAudience('client', options.client),
    key: parseKeySet(options.jwks, timeout),
    algorithms: parseAlgorithms(options.algorithms),
    typ: parseOneOf('typ', options.typ ?? DEFAULTS.typ, TYPES),
    clockTolerance: bounded('clockTolerance', options.clockTolerance ?? DEFAULTS.clockTolerance, 0, LONGEST_SKEW) / 1e3,
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

function bounded(name: string, value: unknown, least: number, most: number): number {
  const ms = parseDuration(name, value, least);
  if (ms <= most) return ms;
  throw new TypeError(`${name} is ${ms} ms; allowed are up to ${most} ms`);
}
