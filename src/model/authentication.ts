import { parseArguments, parseText } from '../lib/input.ts';
import { type Lifetime, parseLifetime, type ResolvedLifetime } from './lifetime.ts';

const MINUTE = 60e3;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The longest lifetimes of each level: NIST SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3. */
const LIMITS: Readonly<Record<1 | 2 | 3, ResolvedLifetime>> = {
  1: { absolute: 30 * DAY, idle: null },
  2: { absolute: 24 * HOUR, idle: HOUR },
  3: { absolute: 12 * HOUR, idle: 15 * MINUTE },
};

/**
 * Returns the lifetime of an authentication assurance level (NIST SP 800-63B-4). Level 1 is 30 days. Level 2 is 24 hours and 1
 * hour idle. Level 3 is 12 hours and 15 minutes idle. `lifetime` may shorten them.
 *
 * ```ts
 * import { aal, createSessions } from 'session-revocation';
 *
 * createSessions({ store: sqliteStore('sessions.db'), lifetime: aal(2, { idle: '30m' }) });
 * ```
 * @param level the level, 1 to 3.
 * @param lifetime shorter times. Default: the longest that the level allows.
 * @throws `TypeError` for a lifetime that is longer than the level allows.
 */
export function aal(level: 1 | 2 | 3, lifetime: Lifetime = {}): Lifetime {
  if (!Object.hasOwn(LIMITS, level)) throw new TypeError(`there are the levels 1, 2 and 3, not ${String(level)}`);
  const limits = LIMITS[level];
  const wanted = parseLifetime('lifetime', parseArguments('lifetime', lifetime, ['absolute', 'idle']), limits);
  for (const part of ['absolute', 'idle'] as const) {
    const limit = limits[part];
    const length = wanted[part];
    if (limit !== null && (length === null || length > limit)) {
      throw new TypeError(`lifetime.${part} is ${length ?? 'unlimited'}; level ${level} allows at most ${limit} ms`);
    }
  }
  return wanted;
}

const MAX_METHODS = 16;

/** Parses authentication method references (RFC 8176), such as `['pwd', 'otp']`. */
export function parseMethods(name: string, value: unknown): readonly string[] {
  if (value === undefined) return NO_METHODS;
  if (!Array.isArray(value) || value.length > MAX_METHODS) {
    throw new TypeError(`${name} must be an array of at most ${MAX_METHODS} strings such as ['pwd', 'otp']`);
  }
  return Object.freeze(Array.from(value, (method, at) => parseText(`${name}[${at}]`, method)));
}

const NO_METHODS: readonly string[] = Object.freeze([]);
