import type { Mark } from './attribution.ts';
import type { EndState } from './session.ts';

/**
 * Lists the reason codes of this library. They are safe to show to users; an app has a text for each. Any other reason
 * is text of the app or its administrators, for the audit log only. {@link Sessions.explain} returns a code.
 */
export const REASON_CODES = [
  'signed-out',
  'signed-out-others',
  'signed-out-everywhere',
  'signed-out-at-provider',
  'replaced',
  'limit',
  'idle',
  'suspended',
  'password-changed',
  'email-changed',
  'password-reset',
  'second-factor-changed',
  'last-login-method-removed',
  'role-changed',
  'member-removed',
  'token-reused',
] as const;

/** Names a reason of this library. {@link Sessions.explain} returns it. */
export type ReasonCode = (typeof REASON_CODES)[number];

/** Returns the reason code of a trigger: `passwordChanged` becomes `password-changed`. */
export const codeOf = (trigger: string): string => trigger.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Returns when, why and by whom a session was ended. `null` if it is live or has expired, or if the store no longer knows. */
export function markOf(end: EndState | null): Mark | null {
  if (end === null || end.reason === 'expired') return null;
  return end.reason === 'ended' ? end.ended : end.revocation;
}

/** The reason for refusing a token. */
export type CheckRefusal = 'malformed' | 'unknown' | 'superseded' | 'ended' | 'expired' | 'revoked';

/** The reason for refusing an access token. `'invalid'`: its signature or its audience is wrong. */
export type AccessRefusal = CheckRefusal | 'invalid';

/**
 * The reason for refusing a refresh token. `'reused'`: it was used before, and the session is ended now. `'retry'`: it was used a
 * moment ago, within the grace interval. `'client'`: it was issued to another client. `'scope'`: it was granted less.
 */
export type RefreshRefusal =
  | 'malformed'
  | 'unknown'
  | 'reused'
  | 'retry'
  | 'ended'
  | 'expired'
  | 'revoked'
  | 'client'
  | 'scope';

/** Tells why {@link Sessions.start} refused a sign-in. {@link Sessions.fence} shows a whole sign-in. */
export type StartRefusal = 'superseded' | 'limit' | 'suspended';
