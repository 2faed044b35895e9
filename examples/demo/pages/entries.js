// @ts-check
import { html } from '../html.js';
import { when } from './time.js';

const COLUMNS = ['When', 'What', 'About', 'By', 'Why', 'Device'];

/**
 * The head of a table. On a narrow page, CSS shows each row as a stack of cells. The explicit roles keep it a table for screen readers.
 *
 * @param {readonly string[]} columns
 */
export const head = (columns) =>
  html`<thead role="rowgroup"><tr role="row">${columns.map(
    (column) => html`<th scope="col" role="columnheader">${column}</th>`,
  )}</tr></thead>`;

/**
 * @param {readonly import('session-revocation').AuditEntry[]} entries
 * @param {(id: string | null) => string} nameOf
 */
export function entriesTable(entries, nameOf) {
  if (entries.length === 0) return html`<p class="quiet">Nothing.</p>`;
  return html`<div class="scroll" role="region" aria-label="Audit log" tabindex="0"><table class="log" role="table">
${head(COLUMNS)}
<tbody role="rowgroup">
${entries.map(
  (entry) => html`<tr role="row">
  <td role="cell" data-label="When" class="nowrap">${when(entry.at)}</td>
  <td role="cell" data-label="What"><code>${entry.type}</code>${scopeOf(entry)}</td>
  <td role="cell" data-label="About">${nameOf(entry.user)}</td>
  <td role="cell" data-label="By">${nameOf(entry.by)}${entry.fromDevice === null ? null : html`<span class="quiet">from ${entry.fromDevice}</span>`}</td>
  <td role="cell" data-label="Why">${entry.reason ?? ''}${entry.note === null ? null : html`<span class="quiet">${entry.note}</span>`}</td>
  <td role="cell" data-label="Device">${entry.device ?? ''}${entry.ip === null ? null : html`<span class="quiet">${entry.ip}</span>`}</td>
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
 * Returns a function that names a user by e-mail address, or by id if the user is unknown.
 *
 * @param {readonly import('../users.js').User[]} people
 */
export function namer(people) {
  const emails = new Map(people.map(({ id, email }) => [id, email]));
  return (/** @type {string | null} */ id) => (id === null ? '' : (emails.get(id) ?? id));
}
