import type { Mark } from './epoch.ts';
import type { Over } from './session.ts';

/**
 * The codes that this library gives as reasons, safe to show to anybody: an app has a text for each. Whatever else stands
 * as a reason are the words of an app or its administrators, and for the audit log.
 */
export const REASON_CODES = [
  'signed-out',
  'signed-out-others',
  'signed-out-everywhere',
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

/** Why a session is over, by a code of this library. */
export type ReasonCode = (typeof REASON_CODES)[number];

/** `passwordChanged` as a reason: `password-changed`. */
export const codeOf = (trigger: string): string => trigger.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Who ended a session, and why, or `null` where it expired or nobody knows. */
export function markOf(over: Over): Mark | null {
  if (over.reason === 'expired') return null;
  return over.reason === 'ended' ? over.ended : over.revocation;
}
