import type { AdmissionRules, Limit, Replace } from './admission.ts';
import { type AuditOptions, type AuditSettings, parseAudit } from './audit.ts';
import { CLOCKS_APART, type Clock, systemClock } from './clock.ts';
import { powerOf } from './core.ts';
import { isPlainObject, parseArguments, parseText } from './input.ts';
import { type Duration, type Lifetime, parseDuration, parseLifetime, type ResolvedLifetime } from './lifetime.ts';
import type { PolicyFunction } from './policy.ts';
import type { SessionStore } from './store.ts';
import { type BuiltInTrigger, parseTriggers, type TriggerRule, type TriggerSettings } from './triggers.ts';

/** What is special about a kind of session. */
export interface KindOptions {
  /** Over the `lifetime` of the realm, part by part. */
  readonly lifetime?: Lifetime | undefined;
  /** The revocations that spare this kind unless they name it. A realm's or an account's spares none. Default: none. */
  readonly survives?: readonly ('user' | 'member')[] | undefined;
}

/** The options of {@link createSessions}. Unknown or contradictory ones are a `TypeError` at once. */
export interface SessionsOptions<Trigger extends string = never, Transaction = never> {
  /** Where sessions are kept. There is no default: it is a decision. */
  readonly store: SessionStore<Transaction>;
  /** The population of identities, such as `'dashboard'`; nothing crosses realms. Default `'default'`. */
  readonly realm?: string | undefined;
  /** How long a session lives. Holds for sessions that start, or are reauthenticated, from now on. Default 30 days, 14 days idle. */
  readonly lifetime?: Lifetime | undefined;
  /** Kinds beside, or other lifetimes for, `browser`, `remembered`, `api` and `mcp`. Names are `[a-z][a-z0-9-]*`. */
  readonly kinds?: Readonly<Record<string, KindOptions>> | undefined;
  /** Which session a new one replaces. Default `null`: none. */
  readonly replace?: Replace | null | undefined;
  /** How many sessions a user may have. Default `null`: any number. */
  readonly limit?: Limit | null | undefined;
  /** "Last used" is written at most this often, and must be shorter than every idle lifetime. 0 writes every use. Default `'1m'`. */
  readonly touchEvery?: Duration | undefined;
  /**
   * How long an ended or expired session stays listed before pruning removes it; one that was revoked has still to expire,
   * if it can. At least `'1h'`. Default `'7d'`. Of realms that share a store, the shortest counts.
   */
  readonly retention?: Duration | undefined;
  /**
   * What a plain sign-out ends, account by account: a function that tells, or `'stored'` where the store keeps what
   * {@link Sessions.setPolicy} sets. Default `null`: that session.
   */
  readonly policy?: PolicyFunction | 'stored' | null | undefined;
  /**
   * What {@link Sessions.trigger} does, by name: the built-in ones have defaults, and an app may add its own. A changed
   * password, e-mail address, second factor or role revokes all others; a password reset, a removed last login method and
   * a removed member everything, of all kinds.
   */
  readonly triggers?: { readonly [Name in BuiltInTrigger | Trigger]?: TriggerRule | undefined } | undefined;
  /** Whether there is an audit log. `true` keeps it in the store, for 90 days. Default `false`. */
  readonly audit?: boolean | AuditOptions | undefined;
  /** How long each question to the store may take before it is `SESSION_STORE_UNAVAILABLE`. At most `'10m'`. Default `'5s'`. */
  readonly deadline?: Duration | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

/** A kind, resolved. */
export interface KindSettings {
  readonly lifetime: ResolvedLifetime;
  readonly survives: readonly ('user' | 'member')[];
}

/** The options, resolved once. */
export interface Settings extends AdmissionRules {
  readonly store: SessionStore;
  readonly realm: string;
  readonly kinds: ReadonlyMap<string, KindSettings>;
  readonly touchEvery: number;
  readonly retention: number;
  readonly deadline: number;
  readonly policy: PolicyFunction | 'stored' | null;
  readonly triggers: ReadonlyMap<string, TriggerSettings>;
  readonly audit: AuditSettings | null;
  readonly clock: Clock;
}

const BUILT_IN_KINDS = ['browser', 'remembered', 'api', 'mcp'];
// Records list the kinds that were revoked by name, and a fence holds those of four scopes.
const MOST_KINDS = 64;
const LONGEST_DEADLINE = 600e3;
const DEFAULTS = {
  realm: 'default',
  lifetime: { absolute: 30 * 86400e3, idle: 14 * 86400e3 },
  touchEvery: 60e3,
  retention: 7 * 86400e3,
  deadline: 5e3,
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
  'deadline',
  'clock',
];
const STORE_VERBS = [
  ...['epochs', 'add', 'find', 'list', 'touch', 'renew', 'end', 'advance', 'users', 'remove', 'prune'],
];

/**
 * @throws `TypeError` that names the option, what is wrong with it, and what is allowed; `SESSION_STORE_LACKS_POWER` for
 * one that the store cannot keep.
 */
export function parseOptions(input: SessionsOptions<string>): Settings {
  const options = parseArguments('createSessions', input, KNOWN) as unknown as SessionsOptions<string>;
  const lifetime = lifetimeOf('lifetime', options.lifetime, DEFAULTS.lifetime);
  const kinds = parseKinds(options.kinds, lifetime);
  const touchEvery = duration('touchEvery', options.touchEvery, DEFAULTS.touchEvery, 0);
  for (const [
    kind,
    {
      lifetime: { idle },
    },
  ] of kinds) {
    if (idle !== null && touchEvery >= idle) {
      throw new TypeError(
        `touchEvery (${touchEvery} ms) must be shorter than the idle lifetime of ${kind} (${idle} ms)`,
      );
    }
  }
  const store = parseStore(options.store);
  const policy = parsePolicySource(options.policy);
  const audit = parseAudit(options.audit);
  if (policy === 'stored') powerOf({ store }, 'policies');
  if (audit?.store === true) powerOf({ store }, 'audit');
  return Object.freeze({
    store,
    policy,
    audit,
    triggers: parseTriggers(options.triggers, kinds),
    realm: options.realm === undefined ? DEFAULTS.realm : parseText('realm', options.realm),
    kinds,
    replace: parseReplace(options.replace),
    limit: parseLimit(options.limit),
    touchEvery,
    retention: duration('retention', options.retention, DEFAULTS.retention, CLOCKS_APART),
    deadline: duration('deadline', options.deadline, DEFAULTS.deadline, 1, LONGEST_DEADLINE),
    clock: parseClock(options.clock),
  });
}

function duration(
  name: string,
  value: Duration | undefined,
  otherwise: number,
  least: number,
  most = Infinity,
): number {
  if (value === undefined) return otherwise;
  const ms = parseDuration(name, value, least === 0 ? 0 : 1);
  if (ms < least) throw new TypeError(`${name} is ${ms} ms; at least ${least} ms are needed`);
  if (ms > most) throw new TypeError(`${name} is ${ms} ms; at most ${most} ms are allowed`);
  return ms;
}

function lifetimeOf(name: string, value: Lifetime | undefined, defaults: ResolvedLifetime): ResolvedLifetime {
  if (value === undefined) return defaults;
  return parseLifetime(name, parseArguments(name, value, ['absolute', 'idle']), defaults);
}

function parseKinds(input: unknown, lifetime: ResolvedLifetime): ReadonlyMap<string, KindSettings> {
  const kinds = new Map<string, KindSettings>(BUILT_IN_KINDS.map((kind) => [kind, { lifetime, survives: [] }]));
  if (input === undefined) return kinds;
  if (!isPlainObject(input)) throw new TypeError('kinds must be an object of kinds by name');
  if (Object.keys(input).length > MOST_KINDS) throw new TypeError(`kinds has more than ${MOST_KINDS} kinds`);
  for (const [kind, value] of Object.entries(input)) {
    const name = `kinds.${kind.slice(0, 40)}`;
    // A name such as `constructor` would be found on every object that lists kinds.
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(kind) || kind in {}) {
      throw new TypeError(`${name} is no name for a kind; allowed are up to 32 of a-z 0-9 - that begin with a letter`);
    }
    const options = parseArguments(name, value, ['lifetime', 'survives']) as KindOptions;
    kinds.set(
      kind,
      Object.freeze({
        lifetime: lifetimeOf(`${name}.lifetime`, options.lifetime, lifetime),
        survives: parseSurvives(`${name}.survives`, options.survives),
      }),
    );
  }
  return kinds;
}

function parseSurvives(name: string, value: unknown): readonly ('user' | 'member')[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((scope) => scope === 'user' || scope === 'member')) {
    throw new TypeError(
      `${name} must be an array of 'user' and 'member'; a realm's or an account's revocation spares none`,
    );
  }
  return Object.freeze([...value]);
}

function parseReplace(value: unknown): Replace | null {
  if (value === undefined || value === null) return null;
  if (value === 'same-browser' || value === 'same-device') return value;
  throw new TypeError(`replace is ${String(value)}; allowed are 'same-browser', 'same-device' and null`);
}

function parseLimit(value: unknown): Limit | null {
  if (value === undefined || value === null) return null;
  const { perUser, overflow } = parseArguments('limit', value, ['perUser', 'overflow']);
  if (typeof perUser !== 'number' || !Number.isSafeInteger(perUser) || perUser < 1 || perUser > 1000) {
    throw new TypeError(`limit.perUser is ${String(perUser)}; allowed are whole numbers from 1 to 1000`);
  }
  if (overflow !== 'end-oldest' && overflow !== 'refuse') {
    throw new TypeError(`limit.overflow is ${String(overflow)}; allowed are 'end-oldest' and 'refuse'`);
  }
  return Object.freeze({ perUser, overflow });
}

function parsePolicySource(value: unknown): Settings['policy'] {
  if (value === undefined || value === null) return null;
  if (value === 'stored' || typeof value === 'function') return value as PolicyFunction | 'stored';
  throw new TypeError(`policy is ${String(value)}; allowed are 'stored', a function of an account, and null`);
}

function parseStore(value: unknown): SessionStore {
  const missing = STORE_VERBS.find(
    (verb) => typeof (value as Record<string, unknown> | null | undefined)?.[verb] !== 'function',
  );
  if (missing === undefined) return value as SessionStore;
  throw new TypeError(
    value === undefined || value === null
      ? "store is missing; there is no default. For one process or machine: sqliteStore('sessions.db') of session-revocation/sqlite"
      : `store has no ${missing}(): it is not a SessionStore`,
  );
}

function parseClock(value: unknown): Clock {
  if (value === undefined) return systemClock;
  if (typeof (value as Clock | null)?.now === 'function') return value as Clock;
  throw new TypeError('clock must have a now() that gives Unix ms');
}
