import type { Core } from '../../core/context.ts';
import { parseText } from '../../lib/input.ts';
import { isPlainObject } from '../../lib/json.ts';
import { type Identity, identify } from '../../model/identity.ts';
import { deniedTag, externalSessionId, type Tag } from '../../model/token.ts';
import type { GuardSettings } from './options.ts';

export interface ExternalToken {
  readonly identity: Identity;
  /** Start of the second of authentication, Unix ms. */
  readonly authenticatedAt: number;
  /** `signOutOthers` spares the token's session by this id. `null` without `sid` or a known issuer. */
  readonly keptBy: string | null;
  /** Records that deny the token, if they exist. */
  readonly deniedBy: readonly Tag[];
}

/**
 * Reads verified claims. A string is a `TypeError`: the app has passed the unverified token. A token that fails here
 * costs no read of the store. A time in the future is malformed, because it is impossible or in ms.
 */
export function readToken(
  core: Core,
  settings: GuardSettings,
  claims: unknown,
  now: number,
): ExternalToken | GuardRefusal {
  if (typeof claims === 'string') throw new TypeError(NO_CLAIMS);
  // A security event token (RFC 8417, 4.2) must never grant access.
  if (!isPlainObject(claims) || 'events' in claims) return 'malformed';
  const user = textIn(settings.user(claims));
  const account = textIn(settings.account(claims));
  const [issuer, jti, sid] = [textIn(claims.iss), textIn(claims.jti), textIn(claims.sid)];
  if (typeof user !== 'string' || [account, issuer, jti, sid].includes(false)) return 'malformed';
  if (settings.issuer !== null && issuer !== null && issuer !== settings.issuer) return 'malformed';

  const seconds = settings.authTime(claims);
  if (seconds === undefined || seconds === null) return 'no-auth-time';
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds < 0) return 'malformed';
  const authenticatedAt = seconds * 1000;
  if (authenticatedAt > now + settings.issuerSkew) return 'malformed';
  if (now > authenticatedAt + settings.maxAge) return 'too-old';

  const { realm } = core.settings;
  const from = issuer || settings.issuer;
  const deniedBy: Tag[] = [];
  if (from !== null && jti) deniedBy.push(deniedTag(realm, 'jti', from, jti));
  if (from !== null && sid) deniedBy.push(deniedTag(realm, 'sid', from, sid));
  return {
    identity: identify(core.settings.realm, user, account),
    authenticatedAt,
    keptBy: from !== null && sid ? externalSessionId(realm, from, sid) : null,
    deniedBy,
  };
}

/** The message does not show the string, because it is a credential. */
const NO_CLAIMS =
  'claims is a string, and a guard checks no signature: write ' +
  'const verified = await externalTokens({ … }).verify(token), and pass verified.claims if verified.ok';

/** Returns a claim that is text of at most 256 characters; `null` for a missing claim, `false` for any other value. */
function textIn(value: unknown): string | null | false {
  if (value === undefined || value === null) return null;
  try {
    return parseText('a claim', value);
  } catch {
    return false;
  }
}

/**
 * Why a guard refused a token.
 *
 * - `'malformed'`: the claims are not claims, name no user, name another issuer, or have an impossible time.
 * - `'no-auth-time'`: no claim tells when the user was authenticated.
 * - `'too-old'`: the authentication was longer ago than `maxAge`.
 * - `'revoked'`: the authentication was at or before the last revocation.
 * - `'denied'`: the token's `jti` or `sid` was denied.
 * - `'suspended'`: the user, the member, the account or the realm is suspended.
 * - `'lost'`: the realm has no record, so the guard cannot know which tokens were revoked.
 */
export type GuardRefusal = 'malformed' | 'no-auth-time' | 'too-old' | 'revoked' | 'denied' | 'suspended' | 'lost';
