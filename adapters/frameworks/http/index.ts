/**
 * All policy over HTTP, once for every framework: which cookie, who may, what is answered. A wrapper translates its
 * framework's request into an {@link HttpExchange}, calls, and sends the `Answer`.
 */
export { attachAuth, attachedAuth, authenticate } from './attached.ts';
export {
  Auth,
  openAuth,
  sessionOf,
} from './auth.ts';
export type {
  ReauthenticateHttpRequest,
  ReauthenticateResult,
  Refusal,
  SignInRequest,
  SignInResult,
  SignInTokens,
  SignOutRequest,
  TriggerHttpRequest,
  WithoutToken,
} from './auth-requests.ts';
export { coarseReason, judgedState, NONE } from './auth-state.ts';
export type { BearerOptions, BearerTokens, IssuedTokens } from './bearer.ts';
export { readBody } from './body.ts';
export type { Carrier } from './carrier.ts';
export { clientOf } from './client.ts';
export type { CookieOptions } from './cookie.ts';
export type { Answer, HttpExchange } from './exchange.ts';
export { fastifyExchange, type Reply, type Request } from './fastify-exchange.ts';
export {
  type RecentSignInOptions,
  type RequireSessionOptions,
  requireRecentSignInGuard,
  requireSessionGuard,
} from './guard.ts';
export { koaExchange } from './koa-exchange.ts';
export { parseMount, pathBelow } from './mount.ts';
export { type NodeRequest, nodeExchange } from './node-exchange.ts';
export { type AuthenticationOptions, type HttpSettings, parseAuthenticationOptions } from './options.ts';
export { safeReturnPath } from './origin.ts';
export { decorateRequests, refuseOwnProperty } from './property.ts';
export {
  type AuthorizedAction,
  type AuthorizeRequest,
  describeRoutes,
  type RouteAction,
  type SessionRoutesOptions,
  sessionRouteHandler,
} from './routes.ts';
