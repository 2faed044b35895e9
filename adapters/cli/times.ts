import { parseDuration } from '../../src/adapter.ts';

const MINUTE = 60e3;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Returns a time relative to `now`, such as `'just now'`, `'5m ago'` or `'in 3d'`. */
export function relativeTime(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < MINUTE) return 'just now';
  const text =
    distance < HOUR
      ? `${Math.floor(distance / MINUTE)}m`
      : distance < 2 * DAY
        ? `${Math.floor(distance / HOUR)}h`
        : `${Math.floor(distance / DAY)}d`;
  return at <= now ? `${text} ago` : `in ${text}`;
}

const digits = (value: number, length = 2): string => String(value).padStart(length, '0');

/** Formats a time in the machine's zone, or in that of the variable `TZ`, such as `'2026-11-22 07:42:06'`. */
export function localTime(at: number): string {
  const time = new Date(at);
  const date = `${digits(time.getFullYear(), 4)}-${digits(time.getMonth() + 1)}-${digits(time.getDate())}`;
  return `${date} ${digits(time.getHours())}:${digits(time.getMinutes())}:${digits(time.getSeconds())}`;
}

export const timeCell = (at: number, now: number): string => `${localTime(at).slice(0, -3)} (${relativeTime(at, now)})`;

/** Accepts a date or time (local unless it names a zone), a duration (that long ago), or Unix ms. Returns Unix ms. */
export function parseTime(name: string, text: string, now: number): number {
  if (/^\d{11,15}$/.test(text)) return Number(text);
  if (/^\d+[a-z]+$/.test(text)) return now - parseDuration(name, text);
  // JavaScript reads a date alone as midnight UTC, and users mean their own zone.
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text.replace(' ', 'T');
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isSafeInteger(at) && at >= 0) return at;
  const given = JSON.stringify(text.slice(0, 40));
  const allowed =
    "a date such as 2026-11-22, a time such as '2026-11-22 07:30', or a duration (so long ago) such as 24h";
  throw new TypeError(`${name} is ${given}; allowed are ${allowed}`);
}
