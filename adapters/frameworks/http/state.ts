import type { Session, SessionError, Verdict } from '../../../src/index.ts';

type Refused = Extract<Verdict, { ok: false }>;

/** What the token of a request is worth. */
export type AuthState =
  | { readonly is: 'session'; readonly session: Session }
  /** No token, or one that is not valid. `verdict` tells why, if the token was judged. */
  | { readonly is: 'none'; readonly verdict: Refused | null }
  | { readonly is: 'cross-origin' }
  | BearerRefusal
  | { readonly is: 'outage'; readonly error: SessionError };

/** An access token that is not valid (RFC 6750 3.1). The client does not learn which of the many reasons applies. */
export interface BearerRefusal {
  readonly is: 'refused';
  readonly error: 'invalid_token' | 'invalid_request';
}

export const NONE: AuthState = { is: 'none', verdict: null };

/** The request has a cookie, may change something, and does not come from the app's own pages. */
export const CROSS_ORIGIN: AuthState = { is: 'cross-origin' };

/** The reason that a client may learn: only that a session which was once valid is over. */
export const coarseReason = (reason: string | undefined): 'ended' | 'expired' | 'revoked' | null =>
  reason === 'ended' || reason === 'expired' || reason === 'revoked' ? reason : null;
