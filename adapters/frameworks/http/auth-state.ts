import { isSessionError, type Session, type SessionError, type Verdict } from '../../../src/index.ts';
import { clientOf } from './client.ts';
import { readCookie } from './cookie.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';
import { isOwnOrigin, isUnsafe } from './origin.ts';
import { reportCrossOrigin } from './report.ts';

type Refused = Extract<Verdict, { ok: false }>;

/** What the request's cookie is worth. */
export type AuthState =
  | { readonly is: 'session'; readonly session: Session }
  /** No cookie, or one that is worth nothing; `verdict` tells why where the store said so. */
  | { readonly is: 'none'; readonly verdict: Refused | null }
  | { readonly is: 'cross-origin' }
  | { readonly is: 'outage'; readonly error: SessionError };

/** What a stranger may learn of a refusal: only that a session which was once right is over. */
export const coarseReason = (reason: string | undefined): 'ended' | 'expired' | 'revoked' | null =>
  reason === 'ended' || reason === 'expired' || reason === 'revoked' ? reason : null;

/** Nobody is signed in. */
export const NONE: AuthState = { is: 'none', verdict: null };

const MOST_COOKIES = 3;

/** Reads the cookie and has it judged. */
export async function readState(settings: HttpSettings, exchange: HttpExchange): Promise<AuthState> {
  const { sessions, cookie, origins } = settings;
  const tokens = readCookie(exchange, cookie, MOST_COOKIES);
  if (tokens.length === 0 || tokens.length > MOST_COOKIES) return NONE;
  const client = clientOf(exchange);
  if (isUnsafe(exchange) && !isOwnOrigin(exchange, origins)) {
    reportCrossOrigin(settings, exchange);
    return { is: 'cross-origin' };
  }
  try {
    const verdicts = await Promise.all(tokens.map((token) => sessions.check(token, client)));
    const [live, another] = verdicts.filter((verdict) => verdict.ok);
    // Two live ones: nobody knows which of them the browser's own page meant (CKE-14).
    if (live !== undefined && another === undefined) return { is: 'session', session: live.session };
    const [verdict, second] = verdicts;
    return { is: 'none', verdict: verdict?.ok === false && second === undefined ? verdict : null };
  } catch (error) {
    if (isSessionError(error)) return { is: 'outage', error };
    throw error;
  }
}
