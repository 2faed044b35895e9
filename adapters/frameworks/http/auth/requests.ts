import type { Awaitable } from '../../../../src/adapter.ts';
import type {
  Attributes,
  RenewResult,
  StartRefusal,
  StartRequest,
  StartResult,
  TriggerRequest,
} from '../../../../src/index.ts';
import type { SignInTokens } from '../bearer/sign-in-tokens.ts';
import type { IssuedTokens } from '../options/bearer.ts';
import type { Proof } from './proof.ts';

/** A sign-in over HTTP. Device, address and cookie come from the request. */
export interface SignInRequest {
  /**
   * The app's id of the user who signs in. `null` for an unknown user: the same steps run, `verify` is called (and
   * should take its usual time), and the result is `'not-verified'`.
   */
  readonly user: string | null;
  /** The tenant. Default: none. */
  readonly account?: string | undefined;
  /** Default `'browser'`, whose cookie ends with the browser. The cookie of another kind ends with the session. */
  readonly kind?: string | undefined;
  /** Authentication methods (RFC 8176), such as `['pwd']`. Used if `verify` returns `true`. */
  readonly amr?: readonly string[] | undefined;
  /** The app's own data, a JSON object of at most 4,096 bytes. Default `{}`. */
  readonly attributes?: Attributes | undefined;
  /**
   * The session and the user at the identity provider, for a sign-in by OpenID Connect, as in `sessions.start`. A
   * logout at the provider then ends this session. Default: none.
   */
  readonly federated?: StartRequest['federated'];
  /**
   * Permits a request from another site, such as the return from an identity provider. Set it after the app has checked
   * the `state` that it issued (RFC 6749 10.12). Default: refused, because another site could sign a victim in as
   * another user.
   */
  readonly crossSite?: 'state-was-checked' | undefined;
  /** Issues an access token and a refresh token instead of the session cookie. Needs the option `bearer`. */
  readonly tokens?: SignInTokens | undefined;
  /**
   * Checks the credentials, after the fence was taken. Return `true` for yes, or `{ amr: ['pwd', 'otp'] }` with the
   * proved methods; `false` or `null` for no. Any other value, even a truthy one, is a `TypeError`, and no session
   * starts.
   */
  verify(): Awaitable<Proof>;
}

/** A new authentication of the signed-in user. */
export type ReauthenticateHttpRequest = Pick<SignInRequest, 'amr' | 'verify'>;

/** Details of an event that concerns the session's user. */
export type TriggerHttpRequest = Pick<TriggerRequest, 'account' | 'reason' | 'note'>;

/** Why a request has no session, for a page to show. */
export interface Refusal {
  /**
   * `'ended'`: a sign-out, a limit or an administrator ended this session alone. `'expired'`: its lifetime or its idle
   * timeout was over. `'revoked'`: a revocation covered it.
   */
  readonly reason: 'ended' | 'expired' | 'revoked';
  /** A code of this library or of one of the app's triggers, such as `'password-changed'`; `null` for any other reason. */
  readonly reasonCode: string | null;
}

/** Details of a sign-out of several sessions. Each text has at most 256 characters. */
export interface SignOutRequest {
  /** Default `'signed-out-others'` or `'signed-out-everywhere'`. */
  readonly reason?: string | undefined;
  /** A remark for the audit log. Default: none. */
  readonly note?: string | undefined;
  /** Only these kinds, or `'all'`. Default: all kinds that a revocation of the user's sessions ends. */
  readonly kinds?: readonly string[] | 'all' | undefined;
}

/**
 * A result without the session token, which is in the cookie, out of reach for scripts, and must not get into a body.
 * For an app with access tokens, the result holds the new ones: its old tokens are no longer valid.
 */
export type WithoutToken<Result> = Result extends unknown ? Omit<Result, 'token'> & Partial<IssuedTokens> : never;

/** Result of a sign-in. The reason is `'not-verified'` if `verify` returned no. */
export type SignInResult = WithoutToken<StartResult<StartRefusal | 'not-verified'>>;

/** Result of a new authentication. */
export type ReauthenticateResult = WithoutToken<RenewResult> | SignInResult;

export function withoutToken<Result extends object>(result: Result, tokens: IssuedTokens | null): WithoutToken<Result> {
  const { token: _, ...rest } = result as Result & { token?: unknown };
  return { ...rest, ...tokens } as unknown as WithoutToken<Result>;
}
