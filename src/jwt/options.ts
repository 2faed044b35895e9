import { parseArguments, parseText } from '../input.ts';
import { type Duration, parseDuration } from '../lifetime.ts';
import type { Session } from '../session.ts';
import { parseKeys, type ReadyKey, type TokenKey } from './keys.ts';

/** The options of {@link accessTokens}. Unknown or contradictory ones are a `TypeError` at once. */
export interface AccessTokenOptions {
  /** Who signs, as `iss`: an https URL without query or fragment (RFC 8414, 2); http on loopback only. Compared as it is spelt. */
  readonly issuer: string;
  /** Whom tokens are for, as `aud`. A token that names none of these is refused. */
  readonly audience: string | readonly string[];
  /**
   * The first signs; all check. To replace a key: put the new one's public half behind the first and deploy, then put the whole
   * first with the old one's public half behind it, and leave that out once the longest `lifetime` has passed.
   */
  readonly keys: readonly TokenKey[];
  /**
   * How long an access token lives; never beyond its session's own end. At most `'1h'`: who checks only the signature learns
   * of a revocation when the token expires, so this is how late that may be. Default `'5m'`.
   */
  readonly lifetime?: Duration | undefined;
  /** How far off a checker's clock may be. At most `'1m'`. Default 0. */
  readonly clockTolerance?: Duration | undefined;
  /**
   * For how long after a refresh the token that was used for it is answered `'retry'` and not taken for stolen: for clients
   * that refresh twice at once. A deviation from RFC 9700, 4.14.2. At most `'1m'`. Default 0.
   */
  readonly grace?: Duration | undefined;
  /** The authentication context class of a session, as `acr`: `aal` of session-revocation gives one. Default: none is told. */
  readonly acr?: ((session: Session) => string | undefined) | undefined;
  /**
   * Of how many tokens it is remembered that their signature is right, so that it is not checked again; the time and the
   * session are, each time. 0 is none, at most 100,000. A token takes up to 8 KB. Default 1,000.
   */
  readonly verified?: number | undefined;
  /** Whether checking an access token counts as a use of its session, for its idle lifetime (NIST SP 800-63B-4, 5.1.2). Default `false`. */
  readonly countsAsUse?: boolean | undefined;
}

/** The options, resolved once. */
export interface TokenSettings {
  readonly issuer: string;
  readonly audience: readonly [string, ...string[]];
  readonly keys: readonly [ReadyKey, ...ReadyKey[]];
  /** In ms, like all that follow. */
  readonly lifetime: number;
  readonly clockTolerance: number;
  readonly grace: number;
  readonly acr: ((session: Session) => string | undefined) | null;
  readonly verified: number;
  readonly countsAsUse: boolean;
}

const KNOWN = [
  ...['issuer', 'audience', 'keys', 'lifetime', 'clockTolerance', 'grace', 'acr', 'verified', 'countsAsUse'],
];
const LONGEST_LIFETIME = 3600e3;
const LONGEST_TOLERANCE = 60e3;
const MOST_AUDIENCES = 16;
const MOST_VERIFIED = 100_000;
const DEFAULTS = { lifetime: 300e3, clockTolerance: 0, grace: 0, verified: 1000 };

/** @throws `TypeError` that names the option, what is wrong with it, and what is allowed. */
export function parseTokenOptions(input: unknown): TokenSettings {
  const options = parseArguments('accessTokens', input, KNOWN);
  const { acr, countsAsUse } = options;
  if (acr !== undefined && typeof acr !== 'function') throw new TypeError('acr must be a function of a session');
  if (countsAsUse !== undefined && typeof countsAsUse !== 'boolean')
    throw new TypeError('countsAsUse must be a boolean');
  return Object.freeze({
    issuer: parseIssuer('issuer', options.issuer),
    audience: parseAudience('audience', options.audience),
    keys: parseKeys(options.keys),
    lifetime: bounded('lifetime', options.lifetime, DEFAULTS.lifetime, 1e3, LONGEST_LIFETIME),
    clockTolerance: bounded('clockTolerance', options.clockTolerance, DEFAULTS.clockTolerance, 0, LONGEST_TOLERANCE),
    grace: bounded('grace', options.grace, DEFAULTS.grace, 0, LONGEST_TOLERANCE),
    acr: (acr as TokenSettings['acr'] | undefined) ?? null,
    verified: parseCount('verified', options.verified),
    countsAsUse: countsAsUse ?? false,
  });
}

/** The URL of whoever signs tokens. @throws `TypeError` for one that anybody on the way could speak for. */
export function parseIssuer(name: string, value: unknown): string {
  if (value === undefined) throw new TypeError(`${name} is missing: the https URL of whoever signs`);
  const text = parseText(name, value);
  if (!URL.canParse(text)) throw new TypeError(`${name} is ${JSON.stringify(text)}, which is no URL`);
  const url = new URL(text);
  const isLoopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw new TypeError(`${name} is ${JSON.stringify(text)}; allowed is https, and http on loopback`);
  }
  if (/[?#]/.test(text) || url.username !== '' || url.password !== '') {
    throw new TypeError(`${name} is ${JSON.stringify(text)}; allowed is neither a query, a fragment nor a user name`);
  }
  return text;
}

/** Names that a token is for: one, or several. */
export function parseAudience(name: string, value: unknown): readonly [string, ...string[]] {
  if (value === undefined)
    throw new TypeError(`${name} is missing: whom the tokens are for, such as the URL of an API`);
  const names = Array.isArray(value) ? value : [value];
  const [first, ...others] = names.map((one, at) => parseText(Array.isArray(value) ? `${name}[${at}]` : name, one));
  if (first === undefined || names.length > MOST_AUDIENCES) {
    throw new TypeError(`${name} must be a name, or 1 to ${MOST_AUDIENCES} of them`);
  }
  return [first, ...others];
}

function bounded(name: string, value: unknown, otherwise: number, least: number, most: number): number {
  if (value === undefined) return otherwise;
  const ms = parseDuration(name, value, 0);
  if (ms >= least && ms <= most) return ms;
  throw new TypeError(`${name} is ${ms} ms; allowed are ${least} to ${most} ms`);
}

function parseCount(name: string, value: unknown): number {
  if (value === undefined) return DEFAULTS.verified;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MOST_VERIFIED) return value;
  throw new TypeError(`${name} is ${String(value)}; allowed are whole numbers from 0 to ${MOST_VERIFIED}`);
}
