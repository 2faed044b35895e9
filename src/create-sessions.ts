import type { Core } from './core/context.ts';
import type { Settings } from './core/options.ts';
import { parseOptions, type SessionsOptions } from './core/options.ts';
import type { BuiltInTrigger } from './core/trigger-rules.ts';
import { Anomalies } from './events/anomalies.ts';
import { AuditLog } from './events/audit-log.ts';
import type { SessionEventDetails } from './events/event-types.ts';
import { Events } from './events/events.ts';
import { Freshness } from './freshness/freshness.ts';
import { memoryOf } from './freshness/memory.ts';
import { noticing } from './freshness/noticing-store.ts';
import { Announcer } from './freshness/notifier.ts';
import { inCall } from './lib/call.ts';
import { timeOf } from './lib/clock.ts';
import { Turns } from './lib/turns.ts';
import { WriteBehind } from './lib/write-behind.ts';
import { realmTag } from './model/token.ts';
import { Sessions } from './sessions.ts';
import { activityOf } from './store/activity.ts';
import { guardStore } from './store/guarded.ts';
import type { AuditRecord } from './store/powers.ts';
import { requirePower } from './store/require-power.ts';
import type { Touch } from './store/store.ts';

/** The maximum number of log entries that wait in memory for an outage to end. */
const MAX_UNWRITTEN = 1_000;

/**
 * Creates the `Sessions` object of one realm.
 * @param options the store, and how sessions behave. All but `store` have defaults that are safe.
 * @throws `TypeError` for options that are unknown, contradictory, or out of range; `SESSION_STORE_LACKS_POWER` for an option
 * that needs a power that the store does not declare.
 * @example
 * ```ts
 * import { createSessions } from 'session-revocation';
 * import { sqliteStore } from 'session-revocation/sqlite';
 *
 * const dashboard = createSessions({
 *   store: sqliteStore('sessions.db'),
 *   realm: 'dashboard',
 *   lifetime: { absolute: '30d', idle: '14d' },
 *   replace: 'same-browser',
 *   limit: { perUser: 10, overflow: 'end-oldest' },
 *   touchEvery: '1m',
 * });
 * await dashboard.setup();
 * ```
 */
export function createSessions<Trigger extends string = never, Transaction = never>(
  options: SessionsOptions<Trigger, Transaction>,
): Sessions<Trigger | BuiltInTrigger, Transaction> {
  return inCall('createSessions({ store })', () => {
    const settings = parseOptions(options as SessionsOptions<string>);
    return new Sessions(newCore(settings));
  });
}

function newCore(settings: Settings): Core {
  const { realm, clock, audit, timeout } = settings;
  const now = (): number => timeOf(clock);
  const activity = activityOf(settings.store);
  const { maxStaleness, maxSessions, notifier } = settings.freshness;
  const guarded = guardStore(settings.store, timeout, activity);
  const power = guarded.powers?.changes;
  const remembers = maxStaleness > 0 || power?.isSynchronous === true;
  const memory = memoryOf(settings.store, power, remembers ? maxSessions : 0);
  const { notices, log: changes } = memory;
  const failed = (failure: SessionEventDetails['background.failed']): void => events.emit('background.failed', failure);
  const announcer =
    notifier &&
    new Announcer({
      notifier,
      notices,
      activity,
      timeout,
      failed: (error) => failed({ operation: 'notifier', error }),
    });
  const store = noticing(guarded, (tags) => {
    notices.note(tags);
    announcer?.announce(tags);
  });
  const entries = audit?.store === true ? requirePower(store, 'audit') : null;
  const logged =
    entries && new WriteBehind<AuditRecord>('audit', (records) => entries.append(records), failed, MAX_UNWRITTEN);
  const log = audit && new AuditLog(audit, realm, logged);
  const events = new Events(realm, now, log);
  const touches = new WriteBehind<Touch>('touch', (uses) => store.touch(uses, now), failed);
  const tag = realmTag(realm);
  const anomalies = new Anomalies({ store, realmTag: tag, events, now });
  const freshness = remembers
    ? new Freshness(settings.freshness, memory, { store, realmTag: tag, timeout, now }, (error) =>
        failed({ operation: 'freshness', error }),
      )
    : null;
  return {
    settings,
    timeout,
    store,
    events,
    log,
    touches,
    anomalies,
    freshness,
    notices,
    changes,
    announcer,
    activity,
    turns: new Turns(),
    pruning: { endedAt: null },
    realmTag: tag,
    now,
  };
}
