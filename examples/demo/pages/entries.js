// @ts-check
import { html } from '../html.js';
import { when } from './time.js';

/**
 * Entries of the audit log, as a table.
 *
 * @param {readonly import('session-revocation').AuditEntry[]} entries
 * @param {(id: string | null) => string} nameOf
 */
export function entriesTable(entries, nameOf) {
  if (entries.length === 0) return html`<p class="quiet">Nothing.</p>`;
  return html`<div class="scroll" role="region" aria-label="Audit log" tabindex="0"><table class="log">
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">About</th><th scope="col">By</th><th scope="col">Why</th><th scope="col">Device</th></tr></thead>
<tbody>
${entries.map(
  (entry) => html`<tr>
  <td class="nowrap">${when(entry.at)}</td>
  <td><code>${entry.type}</code>${scopeOf(entry)}</td>
  <td>${nameOf(entry.user)}</td>
  <td>${nameOf(entry.by)}${entry.from === null ? null : html`<span class="quiet">from ${entry.from}</span>`}</td>
  <td>${entry.reason ?? ''}${entry.note === null ? null : html`<span class="quiet">${entry.note}</span>`}</td>
  <td>${entry.device ?? ''}${entry.ip === null ? null : html`<span class="quiet">${entry.ip}</span>`}</td>
</tr>`,
)}
</tbody>
</table></div>`;
}

/** @param {import('session-revocation').AuditEntry} entry */
function scopeOf({ scope, details }) {
  const change = typeof details.change === 'string' ? details.change : null;
  const text = [scope === null ? null : `scope: ${scope}`, change].filter((part) => part !== null).join(', ');
  return text === '' ? null : html`<span class="quiet">${text}</span>`;
}

/**
 * The address of a user, or the id where there is none.
 *
 * @param {readonly import('../users.js').User[]} people
 */
export function namer(people) {
  const emails = new Map(people.map(({ id, email }) => [id, email]));
  return (/** @type {string | null} */ id) => (id === null ? '' : (emails.get(id) ?? id));
}
