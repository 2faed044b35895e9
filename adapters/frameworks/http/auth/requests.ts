import type { Awaitable } from '../../../../src/adapter.ts';
import type { Attributes, RenewResult, StartRefusal, StartResult, TriggerRequest } from '../../../../src/index.ts';
import type { SignInTokens } from '../bearer/sign-in-tokens.ts';
import type { IssuedTokens } from '../options/bearer.ts';
import type { Proof } from './proof.ts';

/** A sign-in over HTTP. Device, address and cookie come from the request. */
export interface SignInRequest {
  /**
   * The app's id of the user who claims to sign in. `null` for a user that the app does not know: the same steps run, `verify` is called
   * (and should take its usual time), and the result is `'not-verified'`.
   */
  readonly user: string | null;
  readonly account?: string | undefined;
  /** Default `'browser'`, whose cookie ends with the browser. The cookie of any other kind lasts as long as the session. */
  readonly kind?: string | undefined;
  /** How the user authenticates (RFC 8176), such as `['pwd']`. Used if `verify` answers `true`. */
  readonly amr?: readonly string[] | undefined;
  readonly attributes?: Attributes | undefined;
  /**
   * Permits a request from another site. Default: refused, since another site could sign a victim in as another user. The return from an
   * identity provider is such a request: set this after the app has checked the `state` that it issued (RFC 6749 10.12).
   */
  readonly crossSite?: 'state-was-checked' | undefined;
  /** Issues an access token and a refresh token in place of the session cookie. Needs the option `bearer`. */
  readonly tokens?: SignInTokens | undefined;
  /**
   * Checks the credentials, after the fence was taken. Answer `true` for yes, or `{ amr: ['pwd', 'otp'] }` to name the methods that were
   * proved; `false` or `null` for no. Any other answer, also a truthy one, is a `TypeError`, and no session starts.
   */
  verify(): Awaitable<Proof>;
}

/** A new authentication of the user who is signed in. */
export type ReauthenticateHttpRequest = Pick<SignInRequest, 'amr' | 'verify'>;

/** Details of an event that concerns the user of a session, beside the trigger's name. */
export type TriggerHttpRequest = Pick<TriggerRequest, 'account' | 'reason' | 'note'>;

/** Why a request has no session, for a page to show. */
export interface Refusal {
  /** The session was ended, has expired, or was revoked. */
  readonly reason: 'ended' | 'expired' | 'revoked';
  /** A code of this library or of one of the app's triggers, such as `'password-changed'`; `null` for any other reason. */
  readonly reasonCode: string | null;
}

/** Details of a sign-out of several sessions. Each text has at most 256 characters. */
export interface SignOutRequest {
  /** Default `'signed-out-others'` or `'signed-out-everywhere'`. */
  readonly reason?: string | undefined;
  readonly note?: string | undefined;
  /** Only these kinds, or `'all'`. Default: all kinds that do not survive a revocation of the user's sessions. */
  readonly kinds?: readonly string[] | 'all' | undefined;
}

/**
 * A result without the session token. The token is in the cookie, out of reach for scripts, and must not get into a body. For an app
 * that uses access tokens, the result holds the new ones: its old tokens are no longer valid.
 */
export type WithoutToken<Result> = Result extends unknown ? Omit<Result, 'token'> & Partial<IssuedTokens> : never;

/** Result of a sign-in. The reason is `'not-verified'` if `verify` answered no. */
export type SignInResult = WithoutToken<StartResult<StartRefusal | 'not-verified'>>;

/** Result of a new authentication. */
export type ReauthenticateResult = WithoutToken<RenewResult> | SignInResult;

/** Removes the session token from a result, and adds the tokens that the client gets. */
export function withoutToken<Result extends object>(result: Result, tokens: IssuedTokens | null): WithoutToken<Result> {
  const { token: _, ...rest } = result as Result & { token?: unknown };
  return { ...rest, ...tokens } as unknown as WithoutToken<Result>;
}
