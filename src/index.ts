/**
 * Sessions that can be revoked: one, all others, or everywhere in one write.
 *
 * {@link createSessions} is where to begin.
 * @module
 */
export { aal } from './aal.ts';
export type { Limit, Replace } from './admission.ts';
export type { Adoption, AdoptRequest } from './adopt.ts';
export type { AuditOptions } from './audit.ts';
export type { AuditRequest, AuditResult } from './audit-query.ts';
export { type BatchOptions, batched } from './batching.ts';
export type { By, Cause } from './cause.ts';
export type { Verdict } from './check.ts';
export type { Clock } from './clock.ts';
export { type ClientHints, type Device, type DeviceType, describeDevice } from './device.ts';
export type { EndRequest, EndResult, SignOutResult } from './end.ts';
export {
  type EpochRecord,
  formatEpoch,
  type Guarded,
  type Keep,
  type Mark,
  parseEpoch,
  type ScopeState,
  type Stamp,
} from './epoch.ts';
export { isSessionError, SessionError, type SessionErrorCode } from './errors.ts';
export type {
  AccessRefusal,
  CheckRefusal,
  NamedScope,
  RefreshRefusal,
  SessionEvent,
  SessionEventDetails,
  SessionEventType,
  SessionListener,
  StartRefusal,
  SuspiciousSign,
} from './events.ts';
export type { ForgetRequest, ForgetResult } from './forget.ts';
export type { EndIdleRequest, EndIdleResult, IdleScope } from './idle.ts';
export type { Attributes, Json } from './input.ts';
export { parseJson } from './json.ts';
export { LastFound, LastFoundById } from './last-found.ts';
export { type Duration, type Lifetime, parseDuration } from './lifetime.ts';
export type { ListRequest, ListResult } from './list.ts';
export type { WouldEnd } from './living.ts';
export type { KindOptions, SessionsOptions } from './options.ts';
export type { Policy, PolicyFunction, PolicyResult } from './policy.ts';
export type * from './powers.ts';
export type { PruneRequest, PruneResult } from './pruner.ts';
export { REASON_CODES, type ReasonCode } from './reason.ts';
export { Lately, Recent } from './recent.ts';
export type { ReauthenticateRequest, RenewRequest, RenewResult } from './renew.ts';
export type { Review, ReviewedMember, ReviewedSession, ReviewRequest, SharedDevice } from './review.ts';
export type { Revocation, RevokeResult, Scope } from './revocation.ts';
export { isScope, LONGEST_SCOPE } from './scope.ts';
export {
  type Ended,
  type Epochs,
  expiryOf,
  type ListedSession,
  type Over,
  type Overtaken,
  overAt,
  type ScopeName,
  type Session,
  type SessionDevice,
  type SessionRecord,
  type SessionView,
  type Stamps,
} from './session.ts';
export type { SessionClient } from './session-client.ts';
export {
  createSessions,
  type RefusedRequest,
  type RevokeRequest,
  type Sessions,
  type SuspendRequest,
} from './sessions.ts';
export type { FenceRequest, StartRequest, StartResult } from './start.ts';
export type * from './store.ts';
export type { Client } from './suspicion.ts';
export { realmTag, type Tag } from './token.ts';
export type { InTransaction } from './transaction.ts';
export type {
  BuiltInTrigger,
  TriggerEffect,
  TriggerRequest,
  TriggerResult,
  TriggerRule,
} from './triggers.ts';
