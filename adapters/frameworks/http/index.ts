/** Code that all wrappers share: cookies, guards, routes, and answers such as 503 in an outage. It imports no framework. */

export type { Awaitable } from '../../../src/adapter.ts';
export { AUTH, attachAuth, attachedAuth, authenticate, propertyTaken } from './auth/attached.ts';
export { Auth, openAuth, sessionOf } from './auth/auth.ts';
export { AuthenticatedRequest } from './auth/authenticated-request.ts';
export { readBody } from './body.ts';
export { clientInfoOf } from './client-info.ts';
export { judgedState } from './cookie/read-state.ts';
export type { TokenTransport } from './cookie/token-transport.ts';
export type { Answer } from './exchange.ts';
export * from './exports.ts';
export { requireRecentSignInGuard, requireSessionGuard } from './guard.ts';
export { bodyOf, linesOf, NodeExchange, type NodeRequest, readNodeBody } from './node-exchange.ts';
export {
  type AuthenticationOptions,
  type HttpSettings,
  parseAuthenticationOptions,
  refuseNoSessions,
} from './options/authentication.ts';
export { withoutArguments } from './refuse-uncalled.ts';
export type { SessionRoutesOptions } from './routes/options.ts';
export { parseMount, pathBelow } from './routes/route-name.ts';
export { describeRoutes, sessionRouteHandler } from './routes/routes.ts';
export { coarseReason, NONE } from './state.ts';
export {
  authenticateUpgrade,
  guardUpgrade,
  type UpgradeOptions,
  type UpgradeRequirements,
} from './upgrade.ts';
