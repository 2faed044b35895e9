import type { Answer } from './exchange.ts';

/** What can be wrong with a request, as a problem of RFC 9457. Each has one title and one status. */
const PROBLEMS = {
  'session-required': { status: 401, title: 'Sign-in required' },
  'sign-in-not-recent': { status: 401, title: 'A recent sign-in is required' },
  'cross-origin': { status: 403, title: 'The request does not come from this site' },
  forbidden: { status: 403, title: 'Not allowed' },
  'session-not-found': { status: 404, title: 'No such session' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'bad-request': { status: 400, title: 'Bad request' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'store-unavailable': { status: 503, title: 'The session store cannot answer at the moment' },
} as const;

/** The last part of a problem's `type`. */
export type ProblemName = keyof typeof PROBLEMS;

const TYPE_PREFIX = 'urn:problem-type:session-revocation:';
// Whoever answers differently by origin says so to caches (Fetch Metadata, "Vary").
const EVERY_ANSWER = { 'cache-control': 'no-store', vary: 'Sec-Fetch-Site, Origin' };

/** A problem as `application/problem+json`. Nothing of the store, a token or a user is in it. */
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

/** 303: the browser goes there with a GET. */
export const seeOther = (location: string): Answer => answer(303, null, { location });

export const storeUnavailable = (): Answer => problem('store-unavailable', {}, { 'retry-after': '5' });

/** A challenge (RFC 9110 11.6.1) of the scheme `Session`: a cookie is asked for. */
export function challenge(
  realm: string,
  parameters: Readonly<Record<string, string | number>> = {},
): Record<string, string> {
  const all = { realm: encodeURIComponent(realm), ...parameters };
  const text = Object.entries(all).map(([name, value]) => `${name}="${String(value)}"`);
  return { 'www-authenticate': `Session ${text.join(', ')}` };
}

function answer(status: number, body: string | null, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, headers: { ...EVERY_ANSWER, ...headers } };
}
