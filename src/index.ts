/**
 * Sessions that can be revoked: one, all others, or everywhere in one write.
 *
 * {@link createSessions} is where to begin.
 * @module
 */
export type { Limit, Replace } from './admission.ts';
export type { Clock } from './clock.ts';
export { type ClientHints, type Device, type DeviceType, describeDevice } from './device.ts';
export {
  type EpochRecord,
  formatEpoch,
  type Keep,
  type Mark,
  parseEpoch,
  type ScopeState,
  type Stamp,
} from './epoch.ts';
export { isSessionError, SessionError, type SessionErrorCode } from './errors.ts';
export type {
  Cause,
  CheckRefusal,
  NamedScope,
  SessionEvent,
  SessionEventDetails,
  SessionEventType,
  SessionListener,
  StartRefusal,
} from './events.ts';
export type { Attributes, Json } from './input.ts';
export { type Duration, type Lifetime, parseDuration } from './lifetime.ts';
export type { ListRequest, ListResult } from './list.ts';
export type { KindOptions, SessionsOptions } from './options.ts';
export type { PruneResult } from './pruner.ts';
export type { ReauthenticateRequest, RenewRequest, RenewResult } from './renew.ts';
export type { Revocation, RevokeResult, Scope } from './revocation.ts';
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
export {
  type By,
  createSessions,
  type EndRequest,
  type EndResult,
  type RevokeRequest,
  type Sessions,
  type Verdict,
} from './sessions.ts';
export type { FenceRequest, StartRequest, StartResult } from './start.ts';
export type * from './store.ts';
export { realmTag, type Tag } from './token.ts';
