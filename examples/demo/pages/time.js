// @ts-check
import { html } from '../html.js';

/** @type {readonly (readonly [Intl.RelativeTimeFormatUnit, number])[]} */
const UNITS = [
  ['day', 86400e3],
  ['hour', 3600e3],
  ['minute', 60e3],
];
const relative = new Intl.RelativeTimeFormat('en');
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/**
 * A time such as "3 hours ago".
 *
 * @param {number} at
 * @param {number} now
 */
export function ago(at, now) {
  const [unit, length] = UNITS.find(([, length]) => now - at >= length) ?? [];
  const text =
    unit === undefined || length === undefined ? 'just now' : relative.format(-Math.floor((now - at) / length), unit);
  return time(at, text);
}

/**
 * A time such as "Nov 21, 2026, 6:00 AM UTC".
 *
 * @param {number} at
 */
export const when = (at) => time(at, `${absolute.format(at)} UTC`);

/**
 * @param {number} at
 * @param {string} text
 */
function time(at, text) {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${iso}">${text}</time>`;
}
