import { type Duration, parseDuration } from '../../lib/duration.ts';
import { parseArguments, parseSwitch } from '../../lib/input.ts';
import type { Session } from '../../model/session.ts';
import { parseAudience, parseIssuer } from '../issuer.ts';
import { parseKeys, type ReadyKey, type TokenKey } from '../keys/keys.ts';

/** Options of {@link accessTokens}. Unknown or contradictory options throw a `TypeError`. */
export interface AccessTokenOptions {
  /** Issuer (`iss`): an https URL without query or fragment (RFC 8414, 2); http only on loopback. Compared exactly. */
  readonly issuer: string;
  /** Audience (`aud`): 1 to 16 names. A token that names none of them is refused. */
  readonly audience: string | readonly string[];
  /**
   * At least one key. The first key signs, and all keys check. Secrets for HS256 do not mix with key pairs.
   *
   * To replace a key, add the public half of the new key behind the first, and deploy. Then put the whole new key
   * first, with the public half of the old key behind it. Remove the old key when the longest `lifetime` has passed.
   */
  readonly keys: readonly TokenKey[];
  /**
   * Lifetime of an access token, 1 second to `'1h'`, and at most until its session's absolute end. A party that checks
   * only the signature notices a revocation after this time and its own clock tolerance. Default `'5m'`.
   */
  readonly lifetime?: Duration | undefined;
  /**
   * Possible error of a checking process's clock, for `exp` and `nbf`. A token is accepted for this time after its
   * `exp`. At most `'1m'`. Default 0. A token whose `iat` is more than a minute in the future is always refused.
   */
  readonly clockTolerance?: Duration | undefined;
  /**
   * Time after a refresh in which the used token gets `'retry'` (over HTTP 409) and does not end the session, for
   * clients that refresh twice at once. Deviates from RFC 9700, 4.14.2: a stolen token is refused in this time, but not
   * detected. At most `'1m'`. Default 0.
   */
  readonly grace?: Duration | undefined;
  /**
   * Returns the authentication context class (`acr`) of a session, at most 256 characters. If it throws or returns a
   * longer text, no token is issued, and a used refresh token stays valid. Default: none.
   * @param session the session that gets the token.
   */
  readonly acr?: ((session: Session) => string | undefined) | undefined;
  /**
   * Number of tokens whose valid signature is remembered. Times and the session are checked each time. 0 (none) to
   * 100,000. A token takes up to 8 KB. Default 1,000.
   */
  readonly verified?: number | undefined;
  /**
   * `true` counts each check as a use of the session, for the idle lifetime (NIST SP 800-63B-4, 5.1.2). With `false`,
   * only a refresh counts: a session without a refresh expires with its idle lifetime. Default `false`.
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
