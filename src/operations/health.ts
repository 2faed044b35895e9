import type { Core } from '../core/context.ts';
import { momentOf } from '../freshness/moment.ts';
import type { NotifierHealth } from '../freshness/notifier.ts';
import { isSessionError, type SessionErrorCode } from '../lib/errors.ts';

/** Tells what this process knows of its store. `sessions.health` returns it. */
export interface Health {
  /** True if the store answered. Then this process can judge sessions. */
  readonly ok: boolean;
  /** The store's answer to one small question. */
  readonly store: {
    /** True if it answered. */
    readonly ok: boolean;
    /** The time in ms that it took to answer, or to fail. */
    readonly took: number;
    /** Why it failed, such as `SESSION_STORE_UNAVAILABLE` or `SESSION_STORE_NOT_SET_UP`. `null` if it answered. */
    readonly code: SessionErrorCode | null;
  };
  /** The memory of checked sessions. `null` if every check reads the store. */
  readonly freshness: {
    /** The bound of this process, in ms. 0 over a store whose memory is never out of date. */
    readonly maxStaleness: number;
    /** False until this process has stated its bound in the realm's record. Until then, every check reads the store. */
    readonly remembers: boolean;
    /**
     * How long ago, in ms, the store last told what changed. `null` if it does not have the power `changes`, or was not
     * asked yet.
     */
    readonly changesAge: number | null;
    /** `null` without a notifier. */
    readonly notifier: NotifierHealth | null;
  } | null;
  /** When this process last ended a pruning, in Unix ms. `null` if it has ended none. Another process may have. */
  readonly prunedAt: number | null;
}

/** Asks the store one small question, and returns what this process knows. Never throws for an outage. */
export async function health(core: Core): Promise<Health> {
  const { store, realmTag, activity, freshness, changes, announcer, settings, pruning, now } = core;
  const began = performance.now();
  let code: SessionErrorCode | null = null;
  try {
    activity.requireOpen();
    await store.readEpochs([realmTag]);
  } catch (error) {
    code = isSessionError(error) ? error.code : 'SESSION_STORE_UNAVAILABLE';
  }
  const took = performance.now() - began;
  const age = changes?.age(momentOf(now())) ?? Number.POSITIVE_INFINITY;
  return {
    ok: code === null,
    store: { ok: code === null, took, code },
    freshness: freshness && {
      maxStaleness: settings.freshness.maxStaleness,
      remembers: freshness.remembers,
      changesAge: Number.isFinite(age) ? age : null,
      notifier: announcer?.health ?? null,
    },
    prunedAt: pruning.endedAt,
  };
}
