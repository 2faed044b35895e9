/**
 * Types and helpers for authors of stores, wrappers, bridges and receivers. Apps rarely need this entry.
 *
 * To write a store, begin with {@link SessionStore}. To write a wrapper or a bridge, begin with {@link adapterHandle}.
 * @module session-revocation/adapter
 */

// The port of stores.

export type * from './store/store.ts';

// The powers of stores.

export type * from './store/powers.ts';

// Records, and how the core judges by them.

export type { Mark } from './model/attribution.ts';
export type { Credential } from './model/credential.ts';
export type { EpochRecord, Epochs, Keep, KeptExternal, KeptSession, ScopeState } from './model/epoch.ts';
export type { EpochNotes, Guarded } from './model/epoch-notes.ts';
export type { Grant, SessionClient } from './model/grant.ts';
export { endOf, expiryOf, isLive } from './model/judge.ts';
export { type Ended, isOverForGood, type SessionRecord, type SessionRef } from './model/session.ts';
export type { Stamp, Stamps } from './model/stamp.ts';
export { membershipOf, memberTag, realmTag, type Tag } from './model/token.ts';

// Records as text, a cache of decoded records, and the changes that a process has heard of.

export type { FederatedNote } from './model/epoch-notes.ts';
export { type Federated, type FederatedLogout, formatFederated, parseFederated } from './model/federated.ts';
export type { EndFederatedResult } from './operations/federated.ts';
export { type BatchOptions, batched } from './store/batched.ts';
export { formatEpoch, formatGrant, parseEpoch, parseGrant } from './store/codec.ts';
export { EpochCache } from './store/epoch-cache.ts';
export { RecentChanges } from './store/recent-changes.ts';

// A `Sessions` object, as wrappers and bridges need it.

export { AdapterHandle, adapterHandle, type RefusedRequest } from './adapter-handle.ts';
export type { AccessEvent } from './events/access-event.ts';
export type { Awaitable } from './lib/awaitable.ts';
export type { Adoption, AdoptRequest } from './operations/adopt.ts';
export type { OutboxMessages, RealmOutbox } from './operations/outbox.ts';

// Arguments, and the errors that name them.

export { inCall, nameCalls, named, ofApp, retell, withoutCall } from './lib/call.ts';
export { type Duration, type DurationRange, parseDuration } from './lib/duration.ts';
export {
  claimed,
  isPlainText,
  kindOf,
  type NameLimits,
  parseArguments,
  parseName,
  parseSwitch,
  shown,
} from './lib/input.ts';
export { isPlainObject } from './lib/json.ts';
export { withTimeout } from './lib/with-timeout.ts';
export { isScope, parseOAuthScope } from './model/oauth-scope.ts';
export { refuseOther } from './store/store-hint.ts';

// Parts of the types of the root entry.

export type { SignalOptions } from './core/signal-options.ts';
export type { TriggerEffect } from './core/trigger-rules.ts';
export type { DeviceType } from './device/device.ts';
export type { SessionEventDetails, SuspiciousSign } from './events/event-types.ts';
export type { Notifier, NotifierHealth } from './freshness/notifier.ts';
export type { FreshnessOptions } from './freshness/options.ts';
export type { ChangesMessage, CheckMessage, StoreMessage } from './lib/channels.ts';
export type { Clock } from './lib/clock.ts';
export type { Json } from './lib/json.ts';
export type { Attribution } from './model/attribution.ts';
export type { Replace } from './model/limit.ts';
export type { AccessRefusal, CheckRefusal, RefreshRefusal } from './model/reason.ts';
export type { NamedScope, ScopeName } from './model/scope.ts';
export type { RevokedBy } from './model/session.ts';

// Arguments and results of the methods of `Sessions`.

export type { CheckRequest } from './operations/check.ts';
export type { IdleScope } from './operations/end-idle.ts';
export type { FenceRequest, IssuerFenceRequest } from './operations/fence.ts';
export type { Health } from './operations/health.ts';
export type { ListScope } from './operations/list.ts';
export type { PolicyResult } from './operations/policy.ts';
export type { PruneRequest, PruningSchedule } from './operations/prune.ts';
export type { ReviewedSession, SharedDevice } from './operations/review.ts';
export type { Closing, SignalOwner } from './operations/signal.ts';
export type { LoweredStaleness, StatedStaleness } from './operations/staleness.ts';
