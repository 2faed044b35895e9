import { isSessionError } from '../../../../src/index.ts';
import { clientInfoOf } from '../client-info.ts';
import { readCookie } from '../cookie/cookie.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import type { BearerSettings } from '../options/bearer.ts';
import type { AuthState } from '../state.ts';
import { presentedTo } from './header.ts';
import { BearerTransport } from './token-transport.ts';

export interface BearerReading {
  readonly state: AuthState;
  readonly transport: BearerTransport | null;
}

export const AMBIGUOUS = 'the request has several credentials: send one Authorization header and no session cookie';

const INVALID: BearerReading = { state: { is: 'refused', error: 'invalid_token' }, transport: null };
const SEVERAL: BearerReading = { state: { is: 'refused', error: 'invalid_request' }, transport: null };

/**
 * Reads and judges the access token of a request. Returns `null` if there is none: the cookie then counts. The origin
 * does not matter, because other sites cannot send an access token.
 */
export async function readBearer(
  settings: HttpSettings,
  bearer: BearerSettings,
  exchange: HttpExchange,
): Promise<BearerReading | null> {
  const presented = presentedTo(exchange);
  if (presented.is === 'nothing') return null;
  if (presented.is === 'several') return SEVERAL;
  // The cookie may belong to another user (RFC 6750 2, CKE-14).
  if (!bearer.ignoresCookie && readCookie(exchange, settings.cookie, 1).some((token) => token !== '')) return SEVERAL;
  if (presented.token === '') return INVALID;
  try {
    const verdict = await bearer.tokens.check(presented.token, clientInfoOf(exchange));
    if (verdict.ok !== true) return INVALID;
    const { session, claims, grant } = verdict;
    const client = { id: claims.client_id, scope: claims.scope };
    return {
      state: { is: 'session', session },
      transport: new BearerTransport(settings, bearer, exchange, session, client, grant),
    };
  } catch (error) {
    if (isSessionError(error)) return { state: { is: 'outage', error }, transport: null };
    throw error;
  }
}
