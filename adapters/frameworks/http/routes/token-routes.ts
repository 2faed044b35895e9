import { isScope } from '../../../../src/adapter.ts';
import type { Session } from '../../../../src/index.ts';
import { accessToken, keys, oauthError, problem, RequestProblem } from '../answer.ts';
import type { Auth } from '../auth/auth.ts';
import { RefreshCookie } from '../bearer/refresh-cookie.ts';
import { clientInfoOf } from '../client-info.ts';
import type { Answer, HttpExchange } from '../exchange.ts';
import { insufficient, requireSessionGuard } from '../guard.ts';
import { type Members, membersOf } from '../members.ts';
import type { BearerSettings } from '../options/bearer.ts';
import { isOwnOrigin } from '../origin.ts';
import { reportCrossOrigin } from '../report.ts';
import type { RouteName } from './route-name.ts';

/** A route that exists only with the option `bearer`. */
export interface TokenRoute {
  readonly name: RouteName;
  readonly action: 'refresh' | 'token' | 'keys';
  answer(auth: Auth, bearer: BearerSettings, exchange: HttpExchange): Promise<Answer | null>;
}

export const TOKEN_ROUTES: readonly TokenRoute[] = [
  { name: 'POST /refresh', action: 'refresh', answer: refresh },
  { name: 'POST /token', action: 'token', answer: mint },
  { name: 'GET /jwks.json', action: 'keys', answer: async (_, { tokens }) => keys(tokens.jwks()) },
];

/** Asks the store, because a new access token stays valid longer than memory may be stale. */
const signedIn = requireSessionGuard({ maxStaleness: 0 });

/** Exchanges a refresh token from the cookie or the body for the next one and an access token (RFC 6749 6). */
async function refresh(auth: Auth, bearer: BearerSettings, exchange: HttpExchange): Promise<Answer> {
  const { settings } = auth.request;
  const client = clientInfoOf(exchange);
  const cookie = new RefreshCookie(settings, bearer, exchange);
  const [kept, another] = cookie.values;
  // A browser also sends its cookie with requests of other sites' pages (CKE-12).
  if (kept !== undefined && !isOwnOrigin(exchange, settings.origins)) {
    if (auth.request.state.is !== 'cross-origin') reportCrossOrigin(settings, exchange);
    return problem('cross-origin');
  }
  // OAuth requires that servers ignore unknown parameters (RFC 6749 3.2).
  const parameters = await parametersIn(exchange, null);
  if (typeof parameters === 'string') return oauthError('invalid_request', parameters);
  if (parameters.grantType !== undefined && parameters.grantType !== 'refresh_token') {
    return oauthError('unsupported_grant_type', 'grant_type must be refresh_token');
  }
  const token = parameters.refreshToken ?? kept;
  if (token === undefined) return oauthError('invalid_request', 'there is no refresh token');
  if (another !== undefined || (parameters.refreshToken !== undefined && kept !== undefined)) {
    return oauthError('invalid_request', 'there are several refresh tokens: send one, in the cookie or in the body');
  }

  const { clientId, scope } = parameters;
  const refreshed = await bearer.tokens.refresh(token, { ...client, client: clientId, scope });
  if (!refreshed.ok) {
    if (refreshed.reason === 'retry') return problem('refreshed-already', {}, { 'retry-after': '1' });
    if (refreshed.reason === 'scope') return oauthError('invalid_scope', 'the scope is wider than what was granted');
    // The cookie stays: the browser may have a newer one by now.
    return oauthError('invalid_grant', 'the refresh token is not valid');
  }
  const { session, refreshToken, ...issued } = refreshed;
  if (kept === undefined) return accessToken({ ...issued, refreshToken }, refreshed.scope);
  cookie.set(session, refreshToken);
  return accessToken(issued, refreshed.scope);
}

/** Issues an access token for a page with the session cookie. Rotates no secret. */
async function mint(auth: Auth, { tokens, client }: BearerSettings, exchange: HttpExchange): Promise<Answer | null> {
  if (client === null) return null;
  const refusal = await signedIn(auth);
  if (refusal !== null) return refusal;
  // If an access token could issue the next one, it would never expire.
  if (auth.request.hasBearer) return insufficient(auth.request);
  // Not an OAuth grant, so unknown parameters are refused: a misspelt `scope` would give all rights.
  if (exchange.url.includes('?')) return oauthError('invalid_request', 'the URL takes no parameters');
  const parameters = await parametersIn(exchange, ['scope']);
  if (typeof parameters === 'string') return oauthError('invalid_request', parameters);
  const { scope } = parameters;
  if (scope !== undefined && !isScope(scope)) return oauthError('invalid_scope', 'the scope is malformed, or too long');
  return accessToken(await tokens.mint(auth.session as Session, { client, scope }), scope);
}

interface Parameters {
  readonly grantType: string | undefined;
  readonly refreshToken: string | undefined;
  readonly clientId: string | undefined;
  readonly scope: string | undefined;
}

/** Reads the parameters of a request. Returns the message of a problem that is answered as an OAuth error. */
async function parametersIn(exchange: HttpExchange, known: readonly string[] | null): Promise<Parameters | string> {
  try {
    const body = membersOf(await exchange.body(), known);
    return parametersOf(body) ?? 'a parameter is not a string, or occurs twice';
  } catch (error) {
    if (error instanceof RequestProblem && error.problem !== 'body-too-large') return error.message;
    throw error;
  }
}

/**
 * Returns the known parameters, or `null` if a parameter is not a string or occurs twice. Empty parameters count as
 * missing (RFC 6749 3.2).
 */
function parametersOf(body: Members): Parameters | null {
  const fields = new Map(Object.entries(body));
  const [grantType, refreshToken, clientId, scope] = ['grant_type', 'refresh_token', 'client_id', 'scope'].map(
    (name): unknown => fields.get(name) || undefined,
  );
  const all = { grantType, refreshToken, clientId, scope };
  return Object.values(all).every((value) => value === undefined || typeof value === 'string')
    ? (all as Parameters)
    : null;
}
