/**
 * All policy over HTTP, once for every framework: which cookie, who may, what is answered. A wrapper translates its
 * framework's request into an {@link HttpExchange}, calls, and sends the `Answer`.
 */
export {
  Auth,
  findAuth,
  openAuth,
  type ReauthenticateHttpRequest,
  type ReauthenticateResult,
  type Refusal,
  type SignInRequest,
  type SignInResult,
  type SignOutRequest,
  sessionOf,
  type TriggerHttpRequest,
  type WithoutToken,
} from './auth.ts';
export { readBody } from './body.ts';
export type { CookieOptions } from './cookie.ts';
export type { Answer, HttpExchange } from './exchange.ts';
export {
  type RecentSignInOptions,
  type RequireSessionOptions,
  requireRecentSignInGuard,
  requireSessionGuard,
} from './guard.ts';
export { type AuthenticationOptions, parseAuthenticationOptions } from './options.ts';
export { safeReturnPath } from './origin.ts';
export {
  type AuthorizedAction,
  type AuthorizeRequest,
  type RouteAction,
  type SessionRoutesOptions,
  sessionRouteHandler,
} from './routes.ts';
