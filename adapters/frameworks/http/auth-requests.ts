import type { Attributes, RenewResult, StartRefusal, StartResult, TriggerRequest } from '../../../src/index.ts';
import type { IssuedTokens } from './bearer.ts';

/** A sign-in over HTTP. Device, address and cookie are taken from the request. */
export interface SignInRequest {
  /**
   * The app's id of the person who claims to be signing in; `null` where the app knows no such person: then the same is
   * done for nobody, `verify` is asked all the same (it should take its usual time), and the answer is `'not-verified'`.
   */
  readonly user: string | null;
  readonly account?: string | undefined;
  /** Default `'browser'`, whose cookie ends with the browser; the cookie of any other kind stays as long as the session. */
  readonly kind?: string | undefined;
  /** How the user authenticates (RFC 8176), such as `['pwd']`, where `verify` does not say. */
  readonly amr?: readonly string[] | undefined;
  readonly attributes?: Attributes | undefined;
  /**
   * A request from another site is refused, since it may sign its victim in as somebody else. The way back from an
   * identity provider is such a request: there the app has checked the `state` that it gave (RFC 6749 10.12), and says so.
   */
  readonly crossSite?: 'state-was-checked' | undefined;
  /** Instead of the session's cookie, an access token and a refresh token; needs the option `bearer`. */
  readonly tokens?: SignInTokens | undefined;
  /**
   * Checks the credentials: called after the fence was taken. A falsy answer starts nothing; `{ amr: ['pwd', 'otp'] }` says
   * what was proved.
   */
  verify(): unknown;
}

/** What a sign-in for an app that calls with access tokens gives. */
export interface SignInTokens {
  /**
   * Who keeps the refresh token. `'cookie'`, for pages: the browser does, out of reach for scripts. `'body'`, for apps: it is in
   * the result, for you to send; no cookie is set, so that the request may come from anywhere.
   */
  readonly refresh: 'cookie' | 'body';
  /** The app: its id, and its name in lists. Default: the option `bearer.client`. */
  readonly client?: string | { readonly id: string; readonly name: string } | undefined;
  /** What the tokens are for, with spaces between the scopes (RFC 6749 3.3). Default: no scope is named. */
  readonly scope?: string | undefined;
}

/** A new authentication of who is signed in already. */
export type ReauthenticateHttpRequest = Pick<SignInRequest, 'amr' | 'verify'>;

/** What has happened to the user of a session, beside the name of the trigger. */
export type TriggerHttpRequest = Pick<TriggerRequest, 'account' | 'reason' | 'note'>;

/** Why a request has no session, for a page to tell. */
export interface Refusal {
  /** Its session was ended, has expired, or was revoked. */
  readonly reason: 'ended' | 'expired' | 'revoked';
  /** A code of this library or of one of the app's triggers, such as `'password-changed'`; `null` for whatever else. */
  readonly cause: string | null;
}

/** Why, beside an end to all sessions. At most 256 characters each. */
export interface SignOutRequest {
  /** Default `'signed-out-others'` or `'signed-out-everywhere'`. */
  readonly reason?: string | undefined;
  readonly note?: string | undefined;
  /** Only these kinds, or `'all'`. Default: all kinds that do not survive a user's revocation. */
  readonly kinds?: readonly string[] | 'all' | undefined;
}

/**
 * A result without its token: that is in the cookie, out of reach for scripts, and must not get into a body. For an app that bore
 * an access token, or signs in for one, it has what the app goes on with: all that it had before is worth nothing any more.
 */
export type WithoutToken<Result> = Result extends unknown ? Omit<Result, 'token'> & Partial<IssuedTokens> : never;

/** What became of a sign-in; `'not-verified'` where `verify` said no. */
export type SignInResult = WithoutToken<StartResult<StartRefusal | 'not-verified'>>;

/** What became of a new authentication. */
export type ReauthenticateResult = WithoutToken<RenewResult> | SignInResult;

/** As a request's client may see it. */
export function withoutToken<Result extends object>(result: Result, tokens: IssuedTokens | null): WithoutToken<Result> {
  const { token: _, ...rest } = result as Result & { token?: unknown };
  return { ...rest, ...tokens } as unknown as WithoutToken<Result>;
}
