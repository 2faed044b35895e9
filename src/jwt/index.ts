/**
 * Access tokens (RFC 9068) and rotating refresh tokens, which are revoked together with their session. Also a guard
 * that revokes the tokens of other issuers. Start with {@link accessTokens} or {@link tokenGuard}.
 * @module
 */

export type { Grant } from '../model/grant.ts';
export type { AccessRefusal, RefreshRefusal } from '../model/reason.ts';
export {
  type AccessTokens,
  accessTokens,
  type MintRequest,
  type MintResult,
  type RefreshRequest,
  type RefreshResult,
} from './access/access-tokens.ts';
export type { AccessVerdict } from './access/check.ts';
export type { AccessClaims, Stamped } from './access/claims.ts';
export type { AccessTokenOptions } from './access/options.ts';
export type { TokenClaims } from './compact.ts';
export type { GuardRefusal } from './guard/claims.ts';
export type { Denied, DenyResult } from './guard/deny.ts';
export {
  type ExternalTokenOptions,
  type ExternalTokens,
  type ExternalVerdict,
  externalTokens,
} from './guard/external-tokens.ts';
export type { GuardOptions } from './guard/options.ts';
export { type GuardCheckRequest, type SignOutOthersResult, type TokenGuard, tokenGuard } from './guard/token-guard.ts';
export type { GuardVerdict } from './guard/verdict.ts';
export type { Algorithm } from './keys/algorithms.ts';
export { type GeneratedKey, generateKey } from './keys/generate-key.ts';
export type { JsonWebKey, KeyInput, TokenKey } from './keys/keys.ts';
export type { ExternalAlgorithm } from './verify-jwt.ts';
