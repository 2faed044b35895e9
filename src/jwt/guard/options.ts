import type { Core } from '../../core/context.ts';
import { type Duration, parseDuration } from '../../lib/duration.ts';
import { kindOf, parseArguments, parseText } from '../../lib/input.ts';
import { kindSettings } from '../../model/kind.ts';
import type { TokenClaims } from '../compact.ts';

/** Options of {@link tokenGuard}. Unknown or contradictory options throw a `TypeError`. */
export interface GuardOptions {
  /**
   * Returns the app's id of the user in the claims. `null` or `undefined` makes the token `'malformed'`. Any other
   * result, such as a promise, throws a `TypeError` at the check. Default: the claim `sub`.
   * @param claims the claims of a token, after its signature was checked.
   */
  readonly user?: ((claims: TokenClaims) => string | null | undefined) | undefined;
  /**
   * Returns the account (tenant), or `null` or `undefined`. Any other result throws a `TypeError` at the check.
   * Default: none.
   * @param claims the claims of a token, after its signature was checked.
   */
  readonly account?: ((claims: TokenClaims) => string | null | undefined) | undefined;
  /** The kind of session that the tokens count as. A revocation that spares the kind spares them. Default `'api'`. */
  readonly kind?: string | undefined;
  /**
   * Claim or function for the time of authentication, in Unix seconds. Default `'auth_time'`: a token without it is
   * refused. `'iat'` weakens the guard, because a silent refresh moves it: a user who was signed out, and can still
   * refresh, gets a token that passes. A function that returns anything but a number, `null` or `undefined` throws a
   * `TypeError` at the check.
   */
  readonly authTime?: 'auth_time' | 'iat' | ((claims: TokenClaims) => number | null | undefined) | undefined;
  /** The only accepted `iss`, also assumed for tokens without one. Default: every issuer that your verifier accepts. */
  readonly issuer?: string | undefined;
  /**
   * Possible difference between the clocks of the issuer and of your processes, at most `'1m'`. A new sign-in within
   * this time after a revocation is refused, too. Default `'5s'`.
   */
  readonly issuerSkew?: Duration | undefined;
  /**
   * Maximum age of the authentication. Older tokens are refused, and revocations are kept for this time.
   * {@link TokenGuard.setup} records it: run it again after raising `maxAge`. Default `'30d'`.
   */
  readonly maxAge?: Duration | undefined;
}

/** Durations are in ms. */
export interface GuardSettings {
  readonly user: (claims: TokenClaims) => unknown;
  readonly account: (claims: TokenClaims) => unknown;
  readonly kind: string;
  readonly authTime: (claims: TokenClaims) => unknown;
  readonly issuer: string | null;
  readonly issuerSkew: number;
  readonly maxAge: number;
}

const KNOWN = ['user', 'account', 'kind', 'authTime', 'issuer', 'issuerSkew', 'maxAge'];
/** The greatest difference between clocks that guards and verifiers may be set to tolerate, in ms. */
export const MAX_SKEW = 60e3;
const DEFAULTS = { kind: 'api', authTime: 'auth_time', issuerSkew: '5s', maxAge: '30d' } as const;

export function parseGuardOptions(core: Core, input: unknown): GuardSettings {
  const options = parseArguments('options', input, KNOWN);
  const { kind = DEFAULTS.kind, issuer, issuerSkew = DEFAULTS.issuerSkew, maxAge = DEFAULTS.maxAge } = options;
  const skew = parseDuration('issuerSkew', issuerSkew, { min: 0, max: MAX_SKEW });
  kindSettings(core.settings.kinds, kind as string);
  return Object.freeze({
    user: parseFunction('user', options.user, ({ sub }) => sub),
    account: parseFunction('account', options.account, () => null),
    kind: kind as string,
    authTime: parseAuthTime(options.authTime),
    issuer: issuer === undefined ? null : parseText('issuer', issuer),
    issuerSkew: skew,
    maxAge: parseDuration('maxAge', maxAge),
  });
}

type OfClaims = (claims: TokenClaims) => unknown;

function parseFunction(name: string, value: unknown, otherwise: OfClaims): OfClaims {
  if (value === undefined) return otherwise;
  if (typeof value === 'function') return giving('string', name, value as OfClaims);
  throw new TypeError(`${name} must be a function of the claims, such as (claims) => claims.sub`);
}

/**
 * Wraps a function of the app, so that a result of another type, such as a promise, throws: that is the app's mistake. A claim of another
 * type only makes the token malformed.
 */
const giving =
  (type: 'string' | 'number', name: string, ofClaims: OfClaims): OfClaims =>
  (claims) => {
    const value = ofClaims(claims);
    if (value === undefined || value === null || typeof value === type) return value;
    throw new TypeError(`${name} must return a ${type} or null, and returned ${kindOf(value)}`);
  };

function parseAuthTime(value: unknown = DEFAULTS.authTime): OfClaims {
  if (value === 'auth_time' || value === 'iat') return (claims) => claims[value];
  if (typeof value === 'function') return giving('number', 'authTime', value as OfClaims);
  throw new TypeError("authTime must be 'auth_time', 'iat' or a function of the claims that returns Unix seconds");
}
