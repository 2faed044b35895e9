import { type Core, type Identity, identify } from '../core.ts';
import { isPlainObject, parseText } from '../input.ts';
import { deniedTag, foreignId, type Tag } from '../token.ts';
import type { GuardSettings } from './guard-options.ts';
import type { GuardRefusal } from './guard-verdict.ts';

/** What a guard knows of a token. */
export interface ForeignToken {
  readonly identity: Identity;
  /** The beginning of the second in which the user was authenticated, Unix ms. */
  readonly authenticatedAt: number;
  /** What its session is kept by; `null` where it tells of none, or nobody knows who issued it. */
  readonly keptBy: string | null;
  /** The tags of what would deny it. */
  readonly deniedBy: readonly Tag[];
}

/**
 * Reads verified claims. Nothing is asked of the store for a token that fails here. A time that lies in the future is none:
 * nobody was authenticated then, or it counts ms.
 */
export function readToken(
  core: Core,
  settings: GuardSettings,
  claims: unknown,
  now: number,
): ForeignToken | GuardRefusal {
  // What tells of events is no token to get in with (RFC 8417, 4.2).
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
    identity: identify(core, user, account),
    authenticatedAt,
    keptBy: from !== null && sid ? foreignId(realm, from, sid) : null,
    deniedBy,
  };
}

/** A text of at most 256 characters; `null` for nothing, `false` for something else. */
function textIn(value: unknown): string | null | false {
  if (value === undefined || value === null) return null;
  try {
    return parseText('a claim', value);
  } catch {
    return false;
  }
}
