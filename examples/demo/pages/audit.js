// @ts-check
import { html } from '../html.js';
import { entriesTable, namer } from './entries.js';
import { page } from './layout.js';

/** @typedef {'user' | 'by' | 'type' | 'from' | 'until' | 'cursor' | 'limit'} Field */

/**
 * @param {object} options
 * @param {import('../products.js').Product} options.product
 * @param {import('../routers/account.js').Viewer} options.viewer
 * @param {readonly import('../users.js').User[]} options.people
 * @param {readonly import('session-revocation').AuditEntry[]} options.entries
 * @param {string | null} options.cursor
 * @param {Readonly<Record<Field, string>>} options.asked
 */
export function auditPage({ product, viewer, people, entries, cursor, asked }) {
  const members = people.filter(({ account }) => account === viewer.account);
  const next = new URLSearchParams(Object.entries({ ...asked, cursor: cursor ?? '' }).filter(([, value]) => value));
  return page({
    title: 'Audit log',
    product,
    viewer,
    here: '/audit',
    width: 'wide',
    content: html`<h1>Audit log</h1>
<form class="panel filter" method="get" action="/audit" role="search" aria-label="Filter the log">
  ${choice('user', 'About', members, asked.user)}
  ${choice('by', 'By', members, asked.by)}
  <label>Type <input name="type" value="${asked.type}" placeholder="sessions.revoked" autocomplete="off"></label>
  <label>From <input name="from" type="date" value="${dateOf(asked.from)}"></label>
  <label>Until <input name="until" type="date" value="${dateOf(asked.until)}"></label>
  <button class="main">Show</button>
</form>
<section class="panel" aria-labelledby="entries">
  <h2 id="entries">Entries, the latest first</h2>
  ${entriesTable(entries, namer(people))}
  ${cursor === null ? null : html`<p><a href="/audit?${next.toString()}">Older entries</a></p>`}
</section>`,
  });
}

/**
 * @param {string} name
 * @param {string} label
 * @param {readonly import('../users.js').User[]} members
 * @param {string} chosen
 */
function choice(name, label, members, chosen) {
  return html`<label>${label} <select name="${name}">
    <option value="">anybody</option>
${members.map(({ id, email }) => html`<option value="${id}"${id === chosen ? html` selected` : null}>${email}</option>`)}
  </select></label>`;
}

/**
 * Returns `''` for a text that a date field cannot show.
 *
 * @param {string} text
 */
const dateOf = (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? text : '');
