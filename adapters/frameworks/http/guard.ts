import {
  type Awaitable,
  inCall,
  parseArguments,
  parseDuration,
  parseOAuthScope,
  parseSwitch,
} from '../../../src/adapter.ts';
import type { Duration, Session, Sessions } from '../../../src/index.ts';
import { problem, seeOther, storeUnavailable } from './answer.ts';
import type { Auth } from './auth/auth.ts';
import { AMBIGUOUS } from './bearer/read-state.ts';
import { type ChallengedRequest, challengesOf } from './challenge.ts';
import type { Answer } from './exchange.ts';
import { scopesOf } from './oauth-scope.ts';
import { parseMaxAge } from './options/authentication.ts';
import { isNavigation, safeReturnPath } from './origin.ts';
import { refuseUncalled } from './refuse-uncalled.ts';
import type { BearerRefusal } from './state.ts';

/** Options of `requireSession`. */
export interface RequireSessionOptions {
  /** Realm, for requests with several. Default: the realm that was read last. */
  readonly sessions?: Sessions | undefined;
  /**
   * Lets only sessions of these kinds pass; others get a 403. Default: any kind.
   */
  readonly kinds?: readonly string[] | undefined;
  /**
   * Scopes that an access token must name, separated by spaces, such as `'orders:read'`. They do not limit the session
   * of a cookie. Default: any access token.
   */
  readonly scope?: string | undefined;
  /**
   * The greatest age of the knowledge that lets a request pass, where the realm answers from memory (option `freshness` of
   * `createSessions`). 0 asks the store for each request. Default: that of the realm, which this can only lower.
   */
  readonly maxStaleness?: Duration | undefined;
  /**
   * `true` sets `Cache-Control: no-store` on the answers of requests that pass, so that the Back button shows no page
   * after a sign-out. The app's own `Cache-Control` replaces it. Default `false`.
   */
  readonly noStore?: boolean | undefined;
}

/** Options of `requireRecentSignIn` (RFC 9470, ASVS 7.5.3). */
export interface RecentSignInOptions {
  /** Realm, for requests with several. Default: the realm that was read last. */
  readonly sessions?: Sessions | undefined;
  /** Maximum age of the user's authentication. An older one gets a 401 with the challenge of RFC 9470. Required. */
  readonly maxAge: Duration;
  /** Methods (RFC 8176) that must all have been used, such as `['otp']`. Default: any. */
  readonly amr?: readonly string[] | undefined;
  /**
   * `true` sets `Cache-Control: no-store` on the answers of requests that pass, so that the Back button shows no page
   * after a sign-out. The app's own `Cache-Control` replaces it. Default `false`.
   */
  readonly noStore?: boolean | undefined;
}

/** Returns the answer that refuses a request, or `null` to let it pass. Synchronous unless it reads the store again. */
export type Guard = (auth: Auth) => Awaitable<Answer | null>;

export function requireSessionGuard(options: RequireSessionOptions = {}): Guard {
  const { kinds, scopes, maxStaleness } = inCall('requireSession(options)', () => parseRequirements(options));
  return guarding(options.noStore, maxStaleness, (auth) => {
    const refusal = refuseWithoutSession(auth);
    if (refusal !== null) return refusal;
    const { request, scope } = auth;
    if (scope !== null && !scopes.every((needed) => scope.includes(needed))) return insufficient(request, scopes);
    if (kinds === undefined || kinds.includes(auth.session?.kind ?? '')) return null;
    return request.hasBearer ? insufficient(request) : problem('forbidden');
  });
}

function parseRequirements(options: RequireSessionOptions) {
  refuseUncalled(options, 'requireSession()');
  parseArguments('options', options, ['kinds', 'scope', 'sessions', 'maxStaleness', 'noStore']);
  const { kinds, scope, maxStaleness } = options;
  if (kinds !== undefined && !isTexts(kinds))
    throw new TypeError("kinds must be an array such as ['browser', 'remembered']");
  return {
    kinds,
    scopes: scope === undefined ? [] : scopesOf(parseOAuthScope(scope)),
    maxStaleness: maxStaleness === undefined ? null : parseDuration('maxStaleness', maxStaleness, { min: 0 }),
  };
}

export function requireRecentSignInGuard(options: RecentSignInOptions): Guard {
  const { maxAge, amr } = inCall('requireRecentSignIn({ maxAge })', () => parseRecency(options));
  // An action that needs a recent sign-in is worth a read of the store.
  return guarding(options.noStore, 0, (auth) => {
    const refusal = refuseWithoutSession(auth);
    if (refusal !== null) return refusal;
    const { session, request } = auth;
    if (session !== null && isRecent(session, request.settings.sessions.clock.now(), maxAge, amr)) return null;
    return toLogin(auth) ?? notRecent(request, maxAge, amr);
  });
}

/**
 * Makes a guard that first judges the session again if the last verdict used knowledge older than `maxStaleness` ms. With
 * `noStore`, it also sets `Cache-Control`.
 */
function guarding(noStore: unknown, maxStaleness: number | null, guard: (auth: Auth) => Answer | null): Guard {
  const forbidsStoring = parseSwitch('noStore', noStore);
  const judge = (auth: Auth): Answer | null => {
    const answer = guard(auth);
    if (answer === null && forbidsStoring) auth.request.exchange.setHeader('cache-control', 'no-store');
    return answer;
  };
  if (maxStaleness === null) return judge;
  return (auth) => {
    const judged = auth.request.judgeAgain(maxStaleness);
    return judged instanceof Promise ? judged.then(() => judge(auth)) : judge(auth);
  };
}

function parseRecency(options: RecentSignInOptions) {
  refuseUncalled(options, "requireRecentSignIn({ maxAge: '15m' })");
  parseArguments('options', options, ['maxAge', 'amr', 'sessions', 'noStore']);
  const { amr = [] } = options;
  if (!isTexts(amr)) throw new TypeError("amr must be an array such as ['otp']");
  return { maxAge: parseMaxAge(options.maxAge), amr };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const isRecent = (session: Session, now: number, maxAge: number, amr: readonly string[]): boolean =>
  now - session.authenticatedAt <= maxAge && amr.every((method) => session.amr.includes(method));

/** The answer to an access token that lacks a scope (RFC 6750 3.1). Parsed scopes cannot break out of the quotation marks. */
export function insufficient(request: ChallengedRequest, scopes: readonly string[] = []): Answer {
  const scope = scopes.length === 0 ? {} : { scope: scopes.join(' ') };
  return problem('insufficient-scope', scope, challengesOf(request, { error: 'insufficient_scope', ...scope }));
}

function notRecent(request: ChallengedRequest, maxAge: number, amr: readonly string[]): Answer {
  const seconds = Math.floor(maxAge / 1000);
  const parameters = { error: 'insufficient_user_authentication', max_age: seconds };
  const members = amr.length === 0 ? { max_age: seconds } : { max_age: seconds, amr };
  return problem('sign-in-not-recent', members, challengesOf(request, parameters));
}

/**
 * Returns the answer to a request without a live session, or `null` if it has one. Never deletes the cookie: deletion is
 * by name, and the browser may have a newer cookie by now.
 */
function refuseWithoutSession(auth: Auth): Answer | null {
  const { request } = auth;
  const { state } = request;
  if (state.is === 'session') return null;
  if (state.is === 'outage') return storeUnavailable();
  if (state.is === 'cross-origin') return problem('cross-origin');
  if (state.is === 'refused') return refuseToken(request, state.error);

  const { refusal } = auth;
  const members =
    refusal === null
      ? {}
      : { reason: refusal.reason, ...(refusal.reasonCode !== null && { reasonCode: refusal.reasonCode }) };
  return toLogin(auth) ?? problem('session-required', members, challengesOf(request));
}

/** Refuses an access token. Revoked, expired, unknown and malformed tokens get the same answer, which reveals nothing (ERR-2). */
export function refuseToken(request: ChallengedRequest, error: BearerRefusal['error'] = 'invalid_token'): Answer {
  const headers = challengesOf(request, { error });
  return error === 'invalid_token'
    ? problem('invalid-token', {}, headers)
    : problem('bad-request', { detail: AMBIGUOUS }, headers);
}

/**
 * Sends a page to the login page. Returns `null` for programs, and without `loginUrl`. Only a GET gets `returnTo`,
 * because a form is not sent again.
 */
function toLogin({ request, refusal }: Auth): Answer | null {
  const { settings, exchange, hasBearer } = request;
  const loginUrl = !hasBearer && isNavigation(exchange) ? settings.loginUrl(exchange) : null;
  if (loginUrl === null) return null;
  const query = new URLSearchParams();
  if (exchange.method === 'GET') query.set('returnTo', safeReturnPath(exchange.url));
  if (refusal !== null) query.set('reason', refusal.reasonCode ?? refusal.reason);
  if (query.size === 0) return seeOther(loginUrl);
  return seeOther(`${loginUrl}${loginUrl.includes('?') ? '&' : '?'}${query}`);
}
