/** A length of time: milliseconds, or text such as `'15m'`: a whole number and one of `ms s m h d w`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;

/** How long a session may live. `null` means for ever. */
export interface Lifetime {
  /** From the last authentication. No use, renewal or restart moves it (ASVS 7.3.2). Default `'30d'`. */
  readonly absolute?: Duration | null | undefined;
  /** From the last use, precise to `touchEvery` (ASVS 7.3.1). Default `'14d'`. */
  readonly idle?: Duration | null | undefined;
}

/** A {@link Lifetime} in milliseconds. */
export interface ResolvedLifetime {
  readonly absolute: number | null;
  readonly idle: number | null;
}

const UNITS = new Map([
  ['ms', 1],
  ['s', 1e3],
  ['m', 60e3],
  ['h', 3600e3],
  ['d', 86400e3],
  ['w', 7 * 86400e3],
]);
const LONGEST = 100 * 365 * 86400e3;
const ALLOWED = "milliseconds, or a whole number and a unit (ms s m h d w) such as '15m', of at most 100 years";

/**
 * Milliseconds of a {@link Duration}.
 * @throws `TypeError` that names the option, what was given, and what is allowed.
 */
export function parseDuration(name: string, value: unknown, least = 1): number {
  let ms = Number.NaN;
  if (typeof value === 'number') ms = value;
  else if (typeof value === 'string') {
    const [, count, unit = ''] = /^(\d{1,15})([a-z]{1,2})$/.exec(value) ?? [];
    ms = Number(count) * (UNITS.get(unit) ?? Number.NaN);
  }
  if (Number.isSafeInteger(ms) && ms >= least && ms <= LONGEST) return ms;
  const given = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
  throw new TypeError(`${name} is ${given}; allowed are ${ALLOWED}${least > 0 ? ', not 0' : ''}`);
}

/** A lifetime over its defaults: `undefined` takes the default, `null` means never. */
export function parseLifetime(name: string, lifetime: Lifetime, defaults: ResolvedLifetime): ResolvedLifetime {
  const part = (key: 'absolute' | 'idle'): number | null => {
    const value = lifetime[key];
    if (value === undefined) return defaults[key];
    return value === null ? null : parseDuration(`${name}.${key}`, value);
  };
  return Object.freeze({ absolute: part('absolute'), idle: part('idle') });
}
