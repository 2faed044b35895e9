import type { Anomalies } from '../events/anomalies.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { Events } from '../events/events.ts';
import type { Freshness } from '../freshness/freshness.ts';
import type { Log } from '../freshness/log.ts';
import type { Notices } from '../freshness/notices.ts';
import type { Announcer } from '../freshness/notifier.ts';
import { otherCopy } from '../lib/copies.ts';
import { kindOf } from '../lib/input.ts';
import type { Turns } from '../lib/turns.ts';
import type { WriteBehind } from '../lib/write-behind.ts';
import type { Tag } from '../model/token.ts';
import type { Activity } from '../store/activity.ts';
import type { SessionStore, Touch } from '../store/store.ts';
import type { Settings } from './options.ts';

/** The context that all operations of one realm share. */
export interface Core {
  readonly settings: Settings;
  /** The option `timeout` in ms. It also limits how long an operation is retried after conflicts. */
  readonly timeout: number;
  /** Guarded: it answers in time or throws `SESSION_STORE_UNAVAILABLE`. */
  readonly store: SessionStore;
  readonly realmTag: Tag;
  readonly events: Events;
  readonly log: AuditLog | null;
  readonly touches: WriteBehind<Touch>;
  readonly anomalies: Anomalies;
  readonly freshness: Freshness | null;
  /** Shared by all realms of the store. */
  readonly notices: Notices;
  /** `null` if the store does not have the power `changes`. */
  readonly changes: Log | null;
  readonly announcer: Announcer | null;
  readonly activity: Activity;
  /** After a conflict, the sign-ins of one user take turns. The key is the user's tag. */
  readonly turns: Turns;
  /** Unix ms: when a pruning last ended. */
  readonly pruning: { endedAt: number | null };
  /** Set if the store writes in a transaction of the caller. */
  readonly isWithin?: true;
  /** Unix ms. */
  now(): number;
}

const CORES = new WeakMap<object, Core>();

export const keepCore = (sessions: object, core: Core): void => void CORES.set(sessions, core);

/** Returns the core of a `Sessions` object, for other entries of this package, such as `session-revocation/jwt`. */
export function coreOf(sessions: unknown): Core {
  const core = typeof sessions === 'object' && sessions !== null ? CORES.get(sessions) : undefined;
  if (core !== undefined) return core;
  throw new TypeError(
    `sessions must be the result of createSessions({ store }), not ${kindOf(sessions)}${otherCopy(sessions)}`,
  );
}
