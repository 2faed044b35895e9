import { isScope, type Session } from '../../../src/index.ts';
import { accessToken, keys, oauthError, problem } from './answer.ts';
import type { Auth } from './auth.ts';
import type { BearerSettings } from './bearer.ts';
import { clientOf } from './client.ts';
import type { Answer, HttpExchange } from './exchange.ts';
import { insufficient, isSuperseded, requireSessionGuard } from './guard.ts';
import { isOwnOrigin } from './origin.ts';
import { RefreshCookie } from './refresh-cookie.ts';
import { reportCrossOrigin } from './report.ts';
import { RequestProblem } from './request-problem.ts';
import type { RouteName } from './route-name.ts';

/** One of them: there only where the option `bearer` is. */
export interface TokenRoute {
  readonly name: RouteName;
  readonly action: 'refresh' | 'token' | 'keys';
  /** `null` where nothing is configured that it could answer with. */
  answer(auth: Auth, bearer: BearerSettings, exchange: HttpExchange): Promise<Answer | null>;
}

export const TOKEN_ROUTES: readonly TokenRoute[] = [
  { name: 'POST /refresh', action: 'refresh', answer: refresh },
  { name: 'POST /token', action: 'token', answer: mint },
  { name: 'GET /jwks.json', action: 'keys', answer: async (_, { tokens }) => keys(tokens.jwks()) },
];

const signedIn = requireSessionGuard();

/** The refresh token was right once, and what it was for is over. */
const OVER: ReadonlySet<string> = new Set(['ended', 'expired', 'revoked', 'reused']);

/** A refresh token for the next one and an access token (RFC 6749 6): from the browser's cookie, or from an app's body. */
async function refresh(auth: Auth, bearer: BearerSettings, exchange: HttpExchange): Promise<Answer> {
  const { settings } = auth;
  // Before anything is waited for: whoever goes away has no address any more.
  const client = clientOf(exchange);
  const cookie = new RefreshCookie(settings, bearer, exchange);
  const [kept, another] = cookie.values;
  // The browser sends its cookie with whatever page asks for it (CKE-12).
  if (kept !== undefined && !isOwnOrigin(exchange, settings.origins)) {
    if (auth.state.is !== 'cross-origin') reportCrossOrigin(settings, exchange);
    return problem('cross-origin');
  }
  const asked = await askedBy(exchange);
  if (typeof asked === 'string') return oauthError('invalid_request', asked);
  if (asked.grantType !== undefined && asked.grantType !== 'refresh_token') {
    return oauthError('unsupported_grant_type', 'grant_type must be refresh_token');
  }
  const token = asked.refreshToken ?? kept;
  if (token === undefined) return oauthError('invalid_request', 'there is no refresh token');
  if (another !== undefined || (asked.refreshToken !== undefined && kept !== undefined)) {
    return oauthError('invalid_request', 'there are several refresh tokens: send it in the cookie, or in the body');
  }

  const { clientId, scope } = asked;
  const refreshed = await bearer.tokens.refresh(token, { ...client, client: clientId, scope });
  if (!refreshed.ok) {
    if (refreshed.reason === 'retry') return problem('refreshed-already', {}, { 'retry-after': '1' });
    if (refreshed.reason === 'scope') return oauthError('invalid_scope', 'the scope is wider than what was granted');
    const isOver = OVER.has(refreshed.reason) && !isSuperseded(settings.sessions.explain(refreshed));
    if (kept !== undefined && isOver) cookie.remove();
    return oauthError('invalid_grant', 'the refresh token is not valid');
  }
  const { session, refreshToken, ...issued } = refreshed;
  if (kept === undefined) return accessToken({ ...issued, refreshToken }, refreshed.scope);
  cookie.set(session, refreshToken);
  return accessToken(issued, refreshed.scope);
}

/** An access token for the page of a browser that is signed in by the session's cookie. Nothing is rotated. */
async function mint(auth: Auth, { tokens, client }: BearerSettings, exchange: HttpExchange): Promise<Answer | null> {
  if (client === null) return null;
  const refusal = signedIn(auth);
  if (refusal !== null) return refusal;
  // Else each one could get the next, and none would ever expire.
  if (auth.isBorne) return insufficient(auth);
  const asked = await askedBy(exchange);
  if (typeof asked === 'string') return oauthError('invalid_request', asked);
  const { scope } = asked;
  if (scope !== undefined && !isScope(scope)) return oauthError('invalid_scope', 'the scope is malformed, or too long');
  return accessToken(await tokens.mint(auth.session as Session, { client, scope }), scope);
}

interface Parameters {
  readonly grantType: string | undefined;
  readonly refreshToken: string | undefined;
  readonly clientId: string | undefined;
  readonly scope: string | undefined;
}

/** What is asked for, by a form or by JSON; or else what is wrong with that, in words, where OAuth has an error for it. */
async function askedBy(exchange: HttpExchange): Promise<Parameters | string> {
  try {
    return parametersOf(await exchange.body()) ?? 'a parameter is no text, or is there twice';
  } catch (error) {
    if (error instanceof RequestProblem && error.problem === 'unsupported-media-type') return error.message;
    throw error;
  }
}

/** The parameters of a body; `null` where one is no text or is there twice (RFC 6749 3.2). Without a value it is none. */
function parametersOf(body: unknown): Parameters | null {
  const fields = new Map(typeof body === 'object' && body !== null ? Object.entries(body) : []);
  const [grantType, refreshToken, clientId, scope] = ['grant_type', 'refresh_token', 'client_id', 'scope'].map(
    (name): unknown => fields.get(name) || undefined,
  );
  const all = { grantType, refreshToken, clientId, scope };
  return Object.values(all).every((value) => value === undefined || typeof value === 'string')
    ? (all as Parameters)
    : null;
}
