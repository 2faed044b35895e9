import { type Duration, parseDuration } from '../lib/duration.ts';
import { kindOf, parseArguments } from '../lib/input.ts';
import type { Notifier } from './notifier.ts';

/** Options of `freshness`. */
export interface FreshnessOptions {
  /**
   * The greatest age of the knowledge that accepts a request, at most `'5m'`. If a session was read within this time, its check is
   * answered from memory. A revocation by another process is in force everywhere after this time. 0 asks the store at every check.
   *
   * Some stores tell their changes synchronously, such as SQLite. Over them, checks are answered from memory even without this option:
   * each check asks for changes, so memory is never stale. With this option, checks ask only a few times in each `maxStaleness`.
   */
  readonly maxStaleness: Duration;
  /**
   * The maximum number of sessions that a process remembers, and of other issuers' tokens beside them: 1,000 to 10,000,000. When memory
   * is full, one in eight new sessions takes the place of a session that was not used of late. The other new sessions are read again at
   * their next check. Default 100,000. Where realms share a store, the highest number applies to all of them together.
   */
  readonly maxSessions?: number | undefined;
  /**
   * Carries revocations to the other processes at once, such as `redisNotifier` of `session-revocation/notifiers`. It only speeds things
   * up: `maxStaleness` bounds the delay also where messages are lost. Default: none.
   */
  readonly notifier?: Notifier | undefined;
}

/** The resolved options. `maxStaleness` is in ms; 0 means that every check asks the store. */
export interface FreshnessSettings {
  readonly maxStaleness: number;
  readonly maxSessions: number;
  readonly notifier: Notifier | null;
}

/** The highest value allowed for `maxStaleness`, in ms. */
export const MAX_STALENESS: number = 300e3;

const DEFAULT_SESSIONS = 100_000;
const [MIN_SESSIONS, MAX_SESSIONS] = [1_000, 10_000_000];

/** @throws `TypeError` that names the option, what is wrong with it, and what is allowed. */
export function parseFreshness(value: unknown): FreshnessSettings {
  if (value === undefined || value === null) {
    return { maxStaleness: 0, maxSessions: DEFAULT_SESSIONS, notifier: null };
  }
  const options = parseArguments<FreshnessOptions>('freshness', value, KNOWN, EXAMPLE);
  if (options.maxStaleness === undefined) throw new TypeError(`freshness needs maxStaleness: write ${EXAMPLE}`);
  const { maxSessions = DEFAULT_SESSIONS, notifier = null } = options;
  if (!Number.isSafeInteger(maxSessions) || maxSessions < MIN_SESSIONS || maxSessions > MAX_SESSIONS) {
    throw new TypeError(
      `freshness.maxSessions is ${String(maxSessions)}; allowed are whole numbers from ${MIN_SESSIONS} to ${MAX_SESSIONS}`,
    );
  }
  const maxStaleness = parseStaleness('freshness.maxStaleness', options.maxStaleness, MAX_STALENESS);
  if (notifier !== null) requireNotifier(notifier, maxStaleness);
  return { maxStaleness, maxSessions, notifier };
}

const KNOWN = ['maxStaleness', 'maxSessions', 'notifier'];

function requireNotifier({ publish, subscribe }: Partial<Notifier>, maxStaleness: number): void {
  if (typeof publish !== 'function' || typeof subscribe !== 'function') {
    const example = "redisNotifier({ client, subscriber }) of 'session-revocation/notifiers'";
    throw new TypeError(
      `freshness.notifier must have the functions publish and subscribe: write ${example}; publish is ` +
        `${kindOf(publish)} and subscribe is ${kindOf(subscribe)}`,
    );
  }
  if (maxStaleness === 0) {
    throw new TypeError(
      'freshness.notifier needs a maxStaleness above 0: with 0, every check reads the store, and there is nothing to notify. ' +
        'Leave the notifier out, or raise maxStaleness',
    );
  }
}

const EXAMPLE = "freshness: { maxStaleness: '1s' }";

const parseStaleness = (name: string, value: unknown, max: number): number =>
  parseDuration(name, value, { min: 0, max });

/**
 * Parses the `maxStaleness` of one check, which can only lower that of the realm.
 * @throws `TypeError` if it is higher.
 */
export function parseLowered(value: unknown, { maxStaleness }: FreshnessSettings): number {
  const lowered = parseStaleness('maxStaleness', value, MAX_STALENESS);
  if (lowered <= maxStaleness) return lowered;
  throw new TypeError(
    `maxStaleness is ${lowered} ms, and a check can only lower that of the realm, which is ${maxStaleness} ms: raise the ` +
      'option freshness of createSessions, or leave maxStaleness out',
  );
}
