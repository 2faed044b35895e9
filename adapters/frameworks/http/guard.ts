import type { Duration, Session, Sessions } from '../../../src/index.ts';
import { problem, seeOther, storeUnavailable } from './answer.ts';
import type { Auth } from './auth.ts';
import { AMBIGUOUS, type BearerRefusal } from './bearer-state.ts';
import { challengesOf } from './challenge.ts';
import type { Answer } from './exchange.ts';
import { parseMaxAge } from './options.ts';
import { isNavigation, safeReturnPath } from './origin.ts';
import { refuseUnknown } from './refuse-unknown.ts';
import { parseScopes } from './scope.ts';

/** Options of `requireSession`. */
export interface RequireSessionOptions {
  /** The realm, where a request has several. Default: the one that was read last. */
  readonly sessions?: Sessions | undefined;
  /** Only sessions of these kinds. Default: any. */
  readonly kinds?: readonly string[] | undefined;
  /**
   * What an access token must be for, such as `'orders:read'`: one scope, or several with a space between them, all of which it
   * must name. No scope limits the session of a cookie. Default: whatever it is for.
   */
  readonly scope?: string | undefined;
}

/** Options of `requireRecentSignIn` (RFC 9470, ASVS 7.5.3). */
export interface RecentSignInOptions {
  /** The realm, where a request has several. Default: the one that was read last. */
  readonly sessions?: Sessions | undefined;
  /** How long ago the user may have authenticated. */
  readonly maxAge: Duration;
  /** Methods (RFC 8176) that must all have been used, such as `['otp']`. */
  readonly amr?: readonly string[] | undefined;
}

/** Says what to answer instead of going on, or `null` to go on. */
export type Guard = (auth: Auth) => Answer | null;

/** Lets pass whoever has a live session. */
export function requireSessionGuard(options: RequireSessionOptions = {}): Guard {
  refuseUnknown('requireSession', options, ['kinds', 'scope', 'sessions']);
  const { kinds } = options;
  const scopes = options.scope === undefined ? [] : parseScopes(options.scope);
  if (kinds !== undefined && !isTexts(kinds))
    throw new TypeError("kinds must be an array such as ['browser', 'remembered']");
  return (auth) => {
    const refusal = refuseWithoutSession(auth);
    if (refusal !== null) return refusal;
    if (auth.scope !== null && !scopes.every((scope) => auth.scope?.includes(scope))) return insufficient(auth, scopes);
    if (kinds === undefined || kinds.includes(auth.session?.kind ?? '')) return null;
    return auth.isBorne ? insufficient(auth) : problem('forbidden');
  };
}

/** Lets pass whoever has a live session and authenticated lately, in the ways that are asked for. */
export function requireRecentSignInGuard(options: RecentSignInOptions): Guard {
  refuseUnknown('requireRecentSignIn', options, ['maxAge', 'amr', 'sessions']);
  const maxAge = parseMaxAge(options.maxAge);
  const { amr = [] } = options;
  if (!isTexts(amr)) throw new TypeError("amr must be an array such as ['otp']");
  return (auth) => {
    const refusal = refuseWithoutSession(auth);
    if (refusal !== null) return refusal;
    const { session, settings } = auth;
    if (session !== null && isRecent(session, settings.sessions.clock.now(), maxAge, amr)) return null;
    return toLogin(auth) ?? notRecent(auth, maxAge, amr);
  };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const isRecent = (session: Session, now: number, maxAge: number, amr: readonly string[]): boolean =>
  now - session.authenticatedAt <= maxAge && amr.every((method) => session.amr.includes(method));

/** RFC 6750 3.1. A scope, where one is named, was parsed: it cannot break out of its quotation marks. */
export function insufficient(auth: Auth, scopes: readonly string[] = []): Answer {
  const scope = scopes.length === 0 ? {} : { scope: scopes.join(' ') };
  return problem('insufficient-scope', scope, challengesOf(auth, { error: 'insufficient_scope', ...scope }));
}

function notRecent(auth: Auth, maxAge: number, amr: readonly string[]): Answer {
  const seconds = Math.floor(maxAge / 1000);
  const parameters = { error: 'insufficient_user_authentication', max_age: seconds };
  const members = amr.length === 0 ? { max_age: seconds } : { max_age: seconds, amr };
  return problem('sign-in-not-recent', members, challengesOf(auth, parameters));
}

/**
 * What a request without a session is answered with. The cookie is deleted only where its secret was right and the
 * session is over: one that is unknown, renewed or replaced may be older than the cookie that the browser holds by now.
 */
function refuseWithoutSession(auth: Auth): Answer | null {
  const { state } = auth;
  if (state.is === 'session') return null;
  if (state.is === 'outage') return storeUnavailable();
  if (state.is === 'cross-origin') return problem('cross-origin');
  if (state.is === 'refused') return refuseToken(auth, state.error);

  const { refusal } = auth;
  if (refusal !== null && !isSuperseded(refusal.cause)) auth.carrier.forget();
  const told =
    refusal === null ? {} : { reason: refusal.reason, ...(refusal.cause !== null && { cause: refusal.cause }) };
  return toLogin(auth) ?? problem('session-required', told, challengesOf(auth));
}

/** Revoked, expired, unknown and garbage are one and the same: whoever found a token learns nothing from trying it (ERR-2). */
export function refuseToken(auth: Auth, error: BearerRefusal['error'] = 'invalid_token'): Answer {
  const headers = challengesOf(auth, { error });
  return error === 'invalid_token'
    ? problem('invalid-token', {}, headers)
    : problem('bad-request', { detail: AMBIGUOUS }, headers);
}

/** What a newer sign-in ended, perhaps in the same browser, whose cookie is then a newer one. */
export const isSuperseded = (cause: string | null): boolean => cause === 'replaced' || cause === 'limit';

/**
 * A page goes to the login page of the same host, and back afterwards to what it asked for: a form is not sent again. Why it
 * has to is told by a code, for which the login page has a text.
 */
function toLogin({ settings, exchange, refusal, isBorne }: Auth): Answer | null {
  const loginUrl = !isBorne && isNavigation(exchange) ? settings.loginUrl(exchange) : null;
  if (loginUrl === null) return null;
  const query = new URLSearchParams();
  if (exchange.method === 'GET') query.set('returnTo', safeReturnPath(exchange.url));
  if (refusal !== null) query.set('reason', refusal.cause ?? refusal.reason);
  if (query.size === 0) return seeOther(loginUrl);
  return seeOther(`${loginUrl}${loginUrl.includes('?') ? '&' : '?'}${query}`);
}
