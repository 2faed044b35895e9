import { isSessionError } from '../../../src/index.ts';
import type { AuthState } from './auth-state.ts';
import type { BearerSettings } from './bearer.ts';
import { BearerCarrier } from './bearer-carrier.ts';
import { presentedTo } from './bearer-header.ts';
import { CookieCarrier } from './carrier.ts';
import { clientOf } from './client.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';

/** An access token that was presented, and is worth nothing (RFC 6750 3.1). Which of the many reasons it is, nobody is told. */
export interface BearerRefusal {
  readonly is: 'refused';
  readonly error: 'invalid_token' | 'invalid_request';
}

/** What a request is worth that presents an access token. */
export interface Borne {
  readonly state: AuthState;
  /** `null` where the token is not right. */
  readonly carrier: BearerCarrier | null;
}

/** What is wrong with a request that bears two credentials, for its developer. */
export const AMBIGUOUS =
  'the request bears several credentials: send one Authorization header, and no session cookie beside it';

const INVALID: Borne = { state: { is: 'refused', error: 'invalid_token' }, carrier: null };
const SEVERAL: Borne = { state: { is: 'refused', error: 'invalid_request' }, carrier: null };

/**
 * Judges the access token of a request; `null` where it presents none, and its cookie counts. No page of another site can have
 * a browser send a token, so it does not matter where the request comes from.
 */
export async function readBearer(
  settings: HttpSettings,
  bearer: BearerSettings,
  exchange: HttpExchange,
): Promise<Borne | null> {
  const presented = presentedTo(exchange);
  if (presented.is === 'nothing') return null;
  if (presented.is === 'several') return SEVERAL;
  // Two who may be two persons: nobody knows in whose name it is asked (RFC 6750 2, CKE-14).
  if (!bearer.ignoresCookie && new CookieCarrier(settings, exchange).tokens(1).some((token) => token !== '')) {
    return SEVERAL;
  }
  if (presented.token === '') return INVALID;
  try {
    const verdict = await bearer.tokens.check(presented.token, clientOf(exchange));
    if (!verdict.ok) return INVALID;
    const { session, claims, grant } = verdict;
    const client = { id: claims.client_id, scope: claims.scope };
    return {
      state: { is: 'session', session },
      carrier: new BearerCarrier(settings, bearer, exchange, session, client, grant),
    };
  } catch (error) {
    if (isSessionError(error)) return { state: { is: 'outage', error }, carrier: null };
    throw error;
  }
}
