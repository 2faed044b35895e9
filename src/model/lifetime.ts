import { type Duration, parseDuration } from '../lib/duration.ts';

/**
 * Limits the life of sessions, in the options `lifetime` and `kinds` of {@link createSessions}. `null` means no limit.
 * {@link aal} returns the limits of a security standard.
 */
export interface Lifetime {
  /**
   * Counts from the last authentication. No use, renewal or restart extends it (ASVS 7.3.2). Default `'30d'`; for a
   * kind, the realm's.
   */
  readonly absolute?: Duration | null | undefined;
  /** Counts from the last use, precise to `touchEvery` (ASVS 7.3.1). Default `'14d'`; for a kind, the realm's. */
  readonly idle?: Duration | null | undefined;
}

export interface ResolvedLifetime {
  readonly absolute: number | null;
  readonly idle: number | null;
}

export function parseLifetime(name: string, lifetime: Lifetime, defaults: ResolvedLifetime): ResolvedLifetime {
  const part = (key: 'absolute' | 'idle'): number | null => {
    const value = lifetime[key];
    if (value === undefined) return defaults[key];
    return value === null ? null : parseDuration(`${name}.${key}`, value);
  };
  return Object.freeze({ absolute: part('absolute'), idle: part('idle') });
}
