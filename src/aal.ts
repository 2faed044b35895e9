import { parseArguments } from './input.ts';
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
 * The lifetime of an authentication assurance level (NIST SP 800-63B-4): 1 is 30 days, 2 is 24 hours and 1 hour idle, 3 is
 * 12 hours and 15 minutes idle. Shorter ones may be given.
 *
 * ```ts
 * createSessions({ store, lifetime: aal(2, { idle: '30m' }) });
 * ```
 * @throws `TypeError` for one that is longer than the level allows.
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
