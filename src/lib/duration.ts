import { shown } from './input.ts';

/**
 * States a length of time: a number of milliseconds, or text such as `'15m'`, a whole number and one of `ms s m h d w`.
 * {@link createSessions} takes durations, for example `touchEvery: '1m'`.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;

const UNITS = new Map([
  ['ms', 1],
  ['s', 1e3],
  ['m', 60e3],
  ['h', 3600e3],
  ['d', 86400e3],
  ['w', 7 * 86400e3],
]);

const MAX_DURATION = 100 * 365 * 86400e3;

const ALLOWED = "milliseconds, or a whole number and a unit (ms s m h d w) such as '15m', of at most 100 years";

/** The durations that an option allows, in milliseconds. */
export interface DurationRange {
  /** Default 1. */
  readonly min?: number | undefined;
  /** Default 100 years. */
  readonly max?: number | undefined;
}

/**
 * Converts a {@link Duration} to milliseconds.
 * @param name the name of the option or the argument, for messages.
 * @param value the value that the caller passed.
 * @param range the allowed durations, in ms. Default: 1 ms to 100 years.
 * @throws `TypeError` that names the option, the value, and what is allowed.
 */
export function parseDuration(
  name: string,
  value: unknown,
  { min = 1, max = MAX_DURATION }: DurationRange = {},
): number {
  let ms = Number.NaN;
  if (typeof value === 'number') ms = value;
  else if (typeof value === 'string') {
    const [, count, unit = ''] = /^(\d{1,15})([a-z]{1,2})$/.exec(value) ?? [];
    ms = Number(count) * (UNITS.get(unit) ?? Number.NaN);
  }
  if (Number.isSafeInteger(ms) && ms >= min && ms <= max) return ms;
  if (!Number.isSafeInteger(ms) || ms < (min > 1 ? 0 : min) || ms > MAX_DURATION) {
    throw new TypeError(`${name} is ${shown(value)}; allowed are ${ALLOWED}${min > 0 ? ', not 0' : ''}`);
  }
  const allowed = max === MAX_DURATION ? `at least ${min} ms are needed` : `allowed are ${min} to ${max} ms`;
  throw new TypeError(`${name} is ${ms} ms; ${allowed}`);
}
