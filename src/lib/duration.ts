import { shown } from './input.ts';

/** A length of time. Either milliseconds, or text such as `'15m'`: a whole number and one of `ms s m h d w`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;

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
 * Converts a {@link Duration} to milliseconds.
 * @throws `TypeError` that names the option, the value, and what is allowed.
 */
export function parseDuration(name: string, value: unknown, least = 1): number {
  let ms = Number.NaN;
  if (typeof value === 'number') ms = value;
  else if (typeof value === 'string') {
    const [, count, unit = ''] = /^(\d{1,15})([a-z]{1,2})$/.exec(value) ?? [];
    ms = Number(count) * (UNITS.get(unit) ?? Number.NaN);
  }
  if (Number.isSafeInteger(ms) && ms >= least && ms <= LONGEST) return ms;
  throw new TypeError(`${name} is ${shown(value)}; allowed are ${ALLOWED}${least > 0 ? ', not 0' : ''}`);
}
