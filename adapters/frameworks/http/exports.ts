/** Exports of every wrapper. `Auth`, `AuthenticationOptions` and `SessionRoutesOptions` are missing here: they differ. */

export type { AuthInTransaction } from './auth/auth-in-transaction.ts';
export type { Proof } from './auth/proof.ts';
export type {
  ReauthenticateHttpRequest,
  ReauthenticateResult,
  Refusal,
  SignInRequest,
  SignInResult,
  SignOutRequest,
  TriggerHttpRequest,
  WithoutToken,
} from './auth/requests.ts';
export type { SessionActs } from './auth/session-acts.ts';
export type { SignInTokens } from './bearer/sign-in-tokens.ts';
export type { HttpExchange } from './exchange.ts';
export type { RecentSignInOptions, RequireSessionOptions } from './guard.ts';
export type { BearerOptions, BearerTokens, IssuedTokens } from './options/bearer.ts';
export type { CookieOptions } from './options/cookie.ts';
export { safeReturnPath } from './origin.ts';
export type { AuthorizedAction, AuthorizeRequest, RouteAction } from './routes/options.ts';
