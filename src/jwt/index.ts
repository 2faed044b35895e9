/**
 * Access tokens (RFC 9068) and rotating refresh tokens, which are revoked with the session that they are of; and a guard that
 * revokes other issuers' tokens.
 *
 * {@link accessTokens} and {@link tokenGuard} are where to begin.
 * @module
 */
export type { AccessRefusal, RefreshRefusal } from '../events.ts';
export type { Grant } from '../session-client.ts';
export type { AccessVerdict } from './access-check.ts';
export {
  type AccessTokens,
  accessTokens,
  type MintRequest,
  type MintResult,
  type RefreshRequest,
  type RefreshResult,
} from './access-tokens.ts';
export type { Algorithm } from './algorithms.ts';
export type { AccessClaims, Stamped } from './claims.ts';
export type { TokenClaims } from './compact.ts';
export {
  type ForeignAlgorithm,
  type ForeignTokenOptions,
  type ForeignTokens,
  type ForeignVerdict,
  foreignTokens,
} from './foreign.ts';
export { type GeneratedKey, generateKey } from './generate-key.ts';
export { type SignOutOthersResult, type TokenGuard, tokenGuard } from './guard.ts';
export type { Denied, DenyResult } from './guard-denial.ts';
export type { GuardOptions } from './guard-options.ts';
export type { GuardRefusal, GuardVerdict } from './guard-verdict.ts';
export type { JsonWebKey, KeyInput, TokenKey } from './keys.ts';
export type { AccessTokenOptions } from './options.ts';
