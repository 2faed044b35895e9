import { type Duration, parseDuration } from '../../lib/duration.ts';
import { parseArguments, parseSwitch } from '../../lib/input.ts';
import type { Session } from '../../model/session.ts';
import { parseAudience, parseIssuer } from '../issuer.ts';
import { parseKeys, type ReadyKey, type TokenKey } from '../keys/keys.ts';

/** The options of {@link accessTokens}. Unknown or contradictory options throw a `TypeError`. */
export interface AccessTokenOptions {
  /**
   * The issuer, as `iss`: an https URL without query or fragment (RFC 8414, 2). http is allowed on loopback only.
   * Compared character by character.
   */
  readonly issuer: string;
  /** The audience, as `aud`: 1 to 16 names. A token that names none of them is refused. */
  readonly audience: string | readonly string[];
  /**
   * The keys, at least one. The first one signs, all of them check. Secrets for HS256 do not mix with key pairs.
   *
   * To replace a key: add the public half of the new key behind the first, and deploy. Then put the whole new key first,
   * with the public half of the old key behind it. Remove the old key after the longest `lifetime` has passed.
   */
  readonly keys: readonly TokenKey[];
  /**
   * Lifetime of an access token, 1 second to `'1h'`. It never outlives its session's absolute end. A party that checks
   * only the signature notices a revocation after this time, and its own clock tolerance, at the latest. Default `'5m'`.
   */
  readonly lifetime?: Duration | undefined;
  /**
   * How far off a checking process's clock may be, for `exp` and `nbf`. A token is accepted for that long after its
   * `exp`. At most `'1m'`. Default 0. A token whose `iat`
   * is more than a minute in the future is always refused.
   */
  readonly clockTolerance?: Duration | undefined;
  /**
   * Time after a refresh in which the used token is answered with `'retry'` and does not end the session. For clients
   * that refresh twice at once. Deviates from RFC 9700, 4.14.2: a stolen token that is used in this time is refused,
   * but not detected. Over HTTP the answer is 409. At most `'1m'`. Default 0.
   */
  readonly grace?: Duration | undefined;
  /**
   * Returns the authentication context class of a session, as `acr`: at most 256 characters. If it throws, or returns a
   * longer text, no token is issued, and a refresh token that was used stays valid. Default: no `acr`.
   */
  readonly acr?: ((session: Session) => string | undefined) | undefined;
  /**
   * Number of tokens whose valid signature is remembered, so that it is not checked again. Times and the session are
   * checked each time. 0 to 100,000, where 0 remembers none. A token takes up to 8 KB. Default 1,000.
   */
  readonly verified?: number | undefined;
  /**
   * Set to `true` to count each check of an access token as a use of its session, for the idle lifetime (NIST SP
   * 800-63B-4, 5.1.2). With `false`, only a refresh counts: a session that never refreshes expires when its idle
   * lifetime is over. Default `false`.
   */
  readonly countsAsUse?: boolean | undefined;
}

export interface TokenSettings {
  readonly issuer: string;
  readonly audience: readonly [string, ...string[]];
  readonly keys: readonly [ReadyKey, ...ReadyKey[]];
  /** In ms, like `clockTolerance` and `grace`. */
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
const MIN_LIFETIME = 1e3;
const MAX_LIFETIME = 3600e3;
const MAX_TOLERANCE = 60e3;
const MAX_VERIFIED = 100_000;
const DEFAULTS = { lifetime: 300e3, clockTolerance: 0, grace: 0, verified: 1000 };

/** @throws `TypeError` that names the option, what is wrong with it, and what is allowed. */
export function parseTokenOptions(input: unknown): TokenSettings {
  const options = parseArguments('options', input, KNOWN);
  const {
    acr,
    lifetime = DEFAULTS.lifetime,
    clockTolerance = DEFAULTS.clockTolerance,
    grace = DEFAULTS.grace,
  } = options;
  if (acr !== undefined && typeof acr !== 'function') throw new TypeError('acr must be a function of a session');
  return Object.freeze({
    issuer: parseIssuer('issuer', options.issuer),
    audience: parseAudience('audience', options.audience),
    keys: parseKeys(options.keys),
    lifetime: parseDuration('lifetime', lifetime, { min: MIN_LIFETIME, max: MAX_LIFETIME }),
    clockTolerance: parseDuration('clockTolerance', clockTolerance, { min: 0, max: MAX_TOLERANCE }),
    grace: parseDuration('grace', grace, { min: 0, max: MAX_TOLERANCE }),
    acr: (acr as TokenSettings['acr'] | undefined) ?? null,
    verified: parseCount('verified', options.verified),
    countsAsUse: parseSwitch('countsAsUse', options.countsAsUse),
  });
}

function parseCount(name: string, value: unknown): number {
  if (value === undefined) return DEFAULTS.verified;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MAX_VERIFIED) return value;
  throw new TypeError(`${name} is ${String(value)}; allowed are whole numbers from 0 to ${MAX_VERIFIED}`);
}
