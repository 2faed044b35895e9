import type { Core } from '../core.ts';
import { kindSettings } from '../core.ts';
import { parseArguments, parseText } from '../input.ts';
import { type Duration, parseDuration } from '../lifetime.ts';
import type { TokenClaims } from './compact.ts';

/** The options of {@link tokenGuard}. Unknown or contradictory ones are a `TypeError` at once. */
export interface GuardOptions {
  /** The user that claims are about, by our own id; nothing where they are about none. Default: the claim `sub`. */
  readonly user?: ((claims: TokenClaims) => string | null | undefined) | undefined;
  /** The tenant that the token is for, where the app has tenants. Default: none. */
  readonly account?: ((claims: TokenClaims) => string | null | undefined) | undefined;
  /** Which kind of session the tokens count as: a revocation that spares it spares them. Default `'api'`. */
  readonly kind?: string | undefined;
  /**
   * When the user was authenticated, in Unix seconds. Default `'auth_time'`, without which a token is refused. `'iat'` costs
   * what it is for: a silent refresh moves it, so that whoever was signed out and can still refresh gets a token that passes.
   */
  readonly authTime?: 'auth_time' | 'iat' | ((claims: TokenClaims) => number | null | undefined) | undefined;
  /** Who issues the tokens: another `iss` is refused. Needed for tokens that have none. Default: any that your verifier lets pass. */
  readonly issuer?: string | undefined;
  /**
   * How far the clocks of the issuer and of your processes may be apart, at most `'1m'`: so long after a revocation, a new
   * sign-in is still refused. Default `'5s'`.
   */
  readonly issuerSkew?: Duration | undefined;
  /**
   * How long after the authentication tokens are accepted, at most; revocations are kept for so long. Write it down with
   * {@link TokenGuard.setup}. Default `'30d'`.
   */
  readonly maxAge?: Duration | undefined;
}

/** The options, resolved once. Durations are in ms. */
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
/** How far clocks may be apart, in ms, here and in whatever verifies tokens. */
export const LONGEST_SKEW = 60e3;
const DEFAULTS = { kind: 'api', authTime: 'auth_time', issuerSkew: '5s', maxAge: '30d' } as const;

/** @throws `TypeError` that names the option, what is wrong with it, and what is allowed. */
export function parseGuardOptions(core: Core, input: unknown): GuardSettings {
  const options = parseArguments('tokenGuard', input, KNOWN);
  const { kind = DEFAULTS.kind, issuer, issuerSkew = DEFAULTS.issuerSkew, maxAge = DEFAULTS.maxAge } = options;
  const skew = parseDuration('issuerSkew', issuerSkew, 0);
  if (skew > LONGEST_SKEW) throw new TypeError(`issuerSkew is ${skew} ms; allowed are up to ${LONGEST_SKEW} ms`);
  kindSettings(core, kind as string);
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
  if (typeof value === 'function') return value as OfClaims;
  throw new TypeError(`${name} must be a function of the claims, such as (claims) => claims.sub`);
}

function parseAuthTime(value: unknown = DEFAULTS.authTime): OfClaims {
  if (value === 'auth_time' || value === 'iat') return (claims) => claims[value];
  if (typeof value === 'function') return value as OfClaims;
  throw new TypeError("authTime must be 'auth_time', 'iat' or a function of the claims that gives Unix seconds");
}
