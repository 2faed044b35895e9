import type { Answer } from './exchange.ts';
import type { IssuedTokens } from './options/bearer.ts';

export const PROBLEMS = {
  'session-required': { status: 401, title: 'Sign-in required' },
  'invalid-token': { status: 401, title: 'The access token is not valid' },
  'sign-in-not-recent': { status: 401, title: 'A recent sign-in is required' },
  'cross-origin': { status: 403, title: 'The request does not come from this site' },
  forbidden: { status: 403, title: 'Not allowed' },
  'insufficient-scope': { status: 403, title: 'The access token does not allow this' },
  'session-not-found': { status: 404, title: 'No such session' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'bad-request': { status: 400, title: 'Bad request' },
  'refreshed-already': { status: 409, title: 'Another request has just used this refresh token' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The type of the body is not supported' },
  'store-unavailable': { status: 503, title: 'The session store cannot answer at the moment' },
} as const;

export type ProblemName = keyof typeof PROBLEMS;

export const TYPE_PREFIX = 'urn:problem-type:session-revocation:';
// Answers depend on the origin (Fetch Metadata, "Vary").
const EVERY_ANSWER = { 'cache-control': 'no-store', vary: 'Sec-Fetch-Site, Origin' };
/** Keeps browsers from treating JSON as a script or a page. */
const NO_SNIFFING = { 'x-content-type-options': 'nosniff' };

export function problem(
  name: ProblemName,
  members: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const { status, title } = PROBLEMS[name];
  const body = { type: TYPE_PREFIX + name, title, status, ...members };
  return answer(status, JSON.stringify(body), { 'content-type': 'application/problem+json', ...headers });
}

export const json = (value: unknown): Answer =>
  answer(200, JSON.stringify(value), { 'content-type': 'application/json' });

export const noContent = (): Answer => answer(204, null);

export const seeOther = (location: string): Answer => answer(303, null, { location });

export const storeUnavailable = (): Answer => problem('store-unavailable', {}, { 'retry-after': '5' });

/** The response that hands out tokens (RFC 6749 5.1). */
export const accessToken = (tokens: IssuedTokens, scope?: string | null, more: object = {}): Answer =>
  json({
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresIn,
    refresh_token: tokens.refreshToken,
    scope: scope ?? undefined,
    ...more,
  });

/** The error response of OAuth (RFC 6749 5.2). */
export const oauthError = (
  error: 'invalid_request' | 'invalid_grant' | 'invalid_scope' | 'unsupported_grant_type',
  description: string,
): Answer =>
  answer(400, JSON.stringify({ error, error_description: description }), { 'content-type': 'application/json' });

/** The response with the public keys (RFC 7517 5). Only this answer may be kept by caches, because it is the same for all clients. */
export const keys = (jwks: unknown): Answer => ({
  status: 200,
  headers: { ...NO_SNIFFING, 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' },
  body: JSON.stringify(jwks),
});

function answer(status: number, body: string | null, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, headers: { ...EVERY_ANSWER, ...(body === null ? {} : NO_SNIFFING), ...headers } };
}

/** Error for an invalid request. The client may see the message. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  readonly problem: ProblemName;
  readonly headers: Readonly<Record<string, string>>;

  constructor(message: string, problem: ProblemName = 'bad-request', headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.problem = problem;
    this.headers = headers;
  }
}
