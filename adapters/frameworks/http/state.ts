import type { Session, SessionError, Verdict } from '../../../src/index.ts';

type Refused = Extract<Verdict, { ok: false }>;

export type AuthState =
  | { readonly is: 'session'; readonly session: Session }
  /** No valid token. `verdict` tells why, if a token was checked. */
  | { readonly is: 'none'; readonly verdict: Refused | null }
  | { readonly is: 'cross-origin' }
  | BearerRefusal
  | { readonly is: 'outage'; readonly error: SessionError };

/** An invalid access token (RFC 6750 3.1). The client does not learn the reason. */
export interface BearerRefusal {
  readonly is: 'refused';
  readonly error: 'invalid_token' | 'invalid_request';
}

export const NONE: AuthState = { is: 'none', verdict: null };

/** A request that could change something, with the session cookie, sent by a page of another site or without proof of its origin. */
export const CROSS_ORIGIN: AuthState = { is: 'cross-origin' };

/** Returns the part of a reason that the client may learn: how a once valid session has ended. `null` for any other reason. */
export const coarseReason = (reason: string | undefined): 'ended' | 'expired' | 'revoked' | null =>
  reason === 'ended' || reason === 'expired' || reason === 'revoked' ? reason : null;
