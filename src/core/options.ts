import { type AuditOptions, type AuditSettings, parseAudit } from '../events/audit-options.ts';
import { type FreshnessOptions, type FreshnessSettings, parseFreshness } from '../freshness/options.ts';
import { CLOCKS_APART, type Clock, systemClock } from '../lib/clock.ts';
import { type Duration, parseDuration } from '../lib/duration.ts';
import { parseArguments, parseText, shown } from '../lib/input.ts';
import { type KindOptions, type KindSettings, lifetimeOf, parseKinds } from '../model/kind.ts';
import type { Lifetime } from '../model/lifetime.ts';
import { type AdmissionRules, type Limit, parseLimit, parseReplace, type Replace } from '../model/limit.ts';
import type { PolicyFunction } from '../model/policy.ts';
import { requirePower } from '../store/require-power.ts';
import type { SessionStore } from '../store/store.ts';
import { refuseNoStore } from '../store/store-hint.ts';
import { parseSignal, type SignalOptions, type SignalSettings } from './signal-options.ts';
import { type BuiltInTrigger, parseTriggers, type TriggerRule, type TriggerSettings } from './trigger-rules.ts';

/** Configures {@link createSessions}. Unknown or contradictory options throw a `TypeError` at once. */
export interface SessionsOptions<Trigger extends string = never, Transaction = never> {
  /** The store that keeps the sessions. It has no default: the app must choose one. */
  readonly store: SessionStore<Transaction>;
  /**
   * The user population, such as `'dashboard'`: 1 to 256 characters. No session and no revocation crosses realms. Another realm
   * is another population: changing it signs every user out. Default `'default'`.
   */
  readonly realm?: string | undefined;
  /**
   * The limits of a session's life, for sessions that start or are reauthenticated from now on. After them, a check answers
   * `'expired'`. A part that is left out keeps its default. Default: 30 days, 14 days idle.
   */
  readonly lifetime?: Lifetime | undefined;
  /**
   * More kinds, or other lifetimes for the built-in `browser`, `remembered`, `api` and `mcp`. At most 64. Names match
   * `[a-z][a-z0-9-]*`, with at most 32 characters. Default: the built-in ones, with the realm's `lifetime`, surviving nothing.
   */
  readonly kinds?: Readonly<Record<string, KindOptions>> | undefined;
  /**
   * The session that a new one replaces, within user, account and kind. The older session ends with the reason `'replaced'`.
   * `'same-device'` needs a `deviceId` at each start; the wrappers set a cookie for it. Default `null`: none.
   */
  readonly replace?: Replace | null | undefined;
  /**
   * The maximum number of a user's living sessions, 1 to 1,000 for each account and kind. Above it, a sign-in is refused, or ends
   * the oldest session. Default `null`: no maximum.
   */
  readonly limit?: Limit | null | undefined;
  /**
   * The shortest time between two writes of "last used". The time that lists show is late by up to this, and an idle session may
   * expire that much early. Shorter than every idle lifetime; 0 writes every use. Default `'1m'`.
   */
  readonly touchEvery?: Duration | undefined;
  /**
   * The time for which an ended or expired session stays listed before pruning removes it. A revoked session must also expire
   * first, if it can. At least `'1h'`. Default `'7d'`. Where realms share a store, the shortest retention applies.
   */
  readonly retention?: Duration | undefined;
  /**
   * What a plain sign-out ends, for each account. Either a function that returns the policy, or `'stored'` to use the policies
   * that {@link Sessions.setPolicy} stores, which needs a store with the power `policies`. It is read at every sign-out. If the
   * function throws, or takes longer than `timeout`, the sign-out fails and ends nothing. Default `null`: that session.
   */
  readonly policy?: PolicyFunction | 'stored' | null | undefined;
  /**
   * What {@link Sessions.trigger} does, by name. An app may add its own triggers. The built-in ones have defaults. A changed
   * password, e-mail address, second factor or role revokes all other sessions. A password reset, a removed last login method and
   * a removed member revoke every session of every kind. A trigger that is not named keeps its rule. At most 64.
   */
  readonly triggers?: { readonly [Name in BuiltInTrigger | Trigger]?: TriggerRule | undefined } | undefined;
  /**
   * Keeps an audit log. `true` keeps it in the store, for 90 days, and needs a store with the power `audit`. Default `false`.
   */
  readonly audit?: boolean | AuditOptions | undefined;
  /**
   * Answers checks from memory while it is fresh. A revocation by another process is then in force everywhere after
   * `maxStaleness`, also if messages or connections are lost. Revocations tell that time as `effectiveWithin`. Default
   * `null`: every check asks the store, and a revocation is in force at once.
   */
  readonly freshness?: FreshnessOptions | null | undefined;
  /** How soon, and how long into an outage, `sessions.signal` fires. Default `{ every: '5s', giveUpAfter: '5m' }`. */
  readonly signal?: SignalOptions | undefined;
  /**
   * The time limit of each store call, which then fails as `SESSION_STORE_UNAVAILABLE`. A write that failed in this way may still
   * take effect: repeat it. It also limits the function `policy`. `setup` has 10 minutes. At most `'10m'`. Default `'5s'`.
   */
  readonly timeout?: Duration | undefined;
  /** Replaces the clock in tests. Its `now()` returns Unix ms. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

/** Times are in ms. */
export interface Settings extends AdmissionRules {
  readonly store: SessionStore;
  readonly realm: string;
  readonly kinds: ReadonlyMap<string, KindSettings>;
  readonly touchEvery: number;
  readonly retention: number;
  readonly timeout: number;
  readonly policy: PolicyFunction | 'stored' | null;
  readonly triggers: ReadonlyMap<string, TriggerSettings>;
  readonly audit: AuditSettings | null;
  readonly freshness: FreshnessSettings;
  readonly signal: SignalSettings;
  readonly clock: Clock;
}
const MAX_TIMEOUT = 600e3;
const DEFAULTS = {
  realm: 'default',
  lifetime: { absolute: 30 * 86400e3, idle: 14 * 86400e3 },
  touchEvery: 60e3,
  retention: 7 * 86400e3,
  timeout: 5e3,
};
const KNOWN = [
  'store',
  'realm',
  'lifetime',
  'kinds',
  'replace',
  'limit',
  'touchEvery',
  'retention',
  'policy',
  'triggers',
  'audit',
  'freshness',
  'signal',
  'timeout',
  'clock',
];

/** @throws `TypeError` for a wrong option; `SESSION_STORE_LACKS_POWER` for one that the store does not support. */
export function parseOptions(input: SessionsOptions<string>): Settings {
  if (isStore(input)) throw new TypeError('options is a store: write createSessions({ store: … })');
  const options = parseArguments('options', input, KNOWN) as unknown as SessionsOptions<string>;
  const lifetime = lifetimeOf('lifetime', options.lifetime, DEFAULTS.lifetime);
  const kinds = parseKinds(options.kinds, lifetime);
  const { retention = DEFAULTS.retention, timeout = DEFAULTS.timeout } = options;
  const touchEvery = parseDuration(
    'touchEvery',
    options.touchEvery === undefined ? DEFAULTS.touchEvery : options.touchEvery,
    { min: 0 },
  );
  for (const [
    kind,
    {
      lifetime: { idle },
    },
  ] of kinds) {
    if (idle !== null && touchEvery >= idle) {
      throw new TypeError(
        `touchEvery (${touchEvery} ms) must be shorter than the idle lifetime of ${kind} (${idle} ms); a number is ` +
          "milliseconds, and a text has a unit, such as '30m'",
      );
    }
  }
  const store = parseStore(options.store);
  const policy = parsePolicySource(options.policy);
  const audit = parseAudit(options.audit);
  if (policy === 'stored') requirePower(store, 'policies');
  if (audit?.store === true) requirePower(store, 'audit');
  if (audit !== null && audit.outbox.length > 0) requirePower(store, 'outbox');
  return Object.freeze({
    store,
    policy,
    audit,
    triggers: parseTriggers(options.triggers, kinds),
    freshness: parseFreshness(options.freshness),
    signal: parseSignal(options.signal),
    realm: options.realm === undefined ? DEFAULTS.realm : parseText('realm', options.realm),
    kinds,
    replace: parseReplace(options.replace),
    limit: parseLimit(options.limit),
    touchEvery,
    retention: parseDuration('retention', retention, { min: CLOCKS_APART }),
    timeout: parseDuration('timeout', timeout, { max: MAX_TIMEOUT }),
    clock: parseClock(options.clock),
  });
}

function parsePolicySource(value: unknown): Settings['policy'] {
  if (value === undefined || value === null) return null;
  if (value === 'stored' || typeof value === 'function') return value as PolicyFunction | 'stored';
  throw new TypeError(`policy is ${shown(value)}; allowed are 'stored', a function of an account, and null`);
}

function parseStore(value: unknown): SessionStore {
  refuseNoStore(value);
  return value as SessionStore;
}

const isStore = (value: unknown): boolean =>
  typeof (value as Partial<SessionStore> | null | undefined)?.readEpochs === 'function';

function parseClock(value: unknown): Clock {
  if (value === undefined) return systemClock;
  if (typeof (value as Clock | null)?.now === 'function') return value as Clock;
  throw new TypeError('clock must have a now() that gives Unix ms');
}
