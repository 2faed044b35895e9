/**
 * Sessions that can be revoked: one, all others, or everywhere in one write.
 *
 * Begin with {@link createSessions}. Types and helpers for authors of stores, wrappers and bridges are in
 * `session-revocation/adapter`.
 * @module session-revocation
 */

// Start here

export type { SessionsOptions } from './core/options.ts';
export { createSessions } from './create-sessions.ts';
export type { Sessions } from './sessions.ts';
export type { SessionStore } from './store/store.ts';

// Sessions

export type { Verdict } from './core/verdict.ts';
export type { Duration } from './lib/duration.ts';
export type { Attributes } from './model/attributes.ts';
export { aal } from './model/authentication.ts';
export type { KindOptions } from './model/kind.ts';
export type { Lifetime } from './model/lifetime.ts';
export type { Limit } from './model/limit.ts';
export type { EndState, ListedSession, Session, SessionView } from './model/session.ts';
export type { EndRequest, EndResult } from './operations/end.ts';
export type { ListRequest, ListResult } from './operations/list.ts';
export type { PruneResult } from './operations/prune.ts';
export type { ReauthenticateRequest } from './operations/reauthenticate.ts';
export type { RenewRequest, RenewResult } from './operations/renew.ts';
export type { SignOutResult } from './operations/sign-out.ts';
export type { StartRequest, StartResult } from './operations/start.ts';

// Revocation

export type { WouldEnd } from './core/walk-sessions.ts';
export type { AttributionRequest } from './model/attribution.ts';
export type { Scope } from './model/scope.ts';
export type { EndIdleRequest, EndIdleResult } from './operations/end-idle.ts';
export type { ForgetRequest, ForgetResult } from './operations/forget-user.ts';
export type { Revocation, RevokeRequest, RevokeResult } from './operations/revoke.ts';
export type { SuspendRequest } from './operations/suspend.ts';
export type { InTransaction } from './operations/within.ts';

// Devices

export type { ClientInfo } from './device/client-info.ts';
export { type ClientHints, describeDevice } from './device/describe-device.ts';
export type { Device, SessionDevice } from './device/device.ts';

// Policies and triggers

export type { BuiltInTrigger, TriggerRule } from './core/trigger-rules.ts';
export type { Policy, PolicyFunction } from './model/policy.ts';
export type { TriggerRequest, TriggerResult } from './operations/trigger.ts';

// Audit and review

export type { AuditOptions } from './events/audit-options.ts';
export type { AuditRequest, AuditResult } from './operations/audit.ts';
export type { Review, ReviewedMember, ReviewRequest } from './operations/review.ts';
export type { AuditEntry } from './store/powers.ts';

// Errors

export { isSessionError, SessionError, type SessionErrorCode } from './lib/errors.ts';
export { REASON_CODES, type ReasonCode, type StartRefusal } from './model/reason.ts';

// Events

export type { SessionEvent, SessionEventType, SessionListener } from './events/event-types.ts';
