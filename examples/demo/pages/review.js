// @ts-check
import { html } from '../html.js';
import { entriesTable, namer } from './entries.js';
import { messages, page } from './layout.js';
import { memberPanel } from './member.js';

/**
 * @typedef {import('../products.js').Product} Product
 * @typedef {import('../routers/account.js').Viewer} Viewer
 * @typedef {import('../users.js').User} User
 */

/**
 * @param {object} options
 * @param {Product} options.product
 * @param {Viewer} options.viewer
 * @param {readonly User[]} options.people
 * @param {import('session-revocation').Review} options.review
 * @param {readonly import('session-revocation').AuditEntry[]} options.entries
 * @param {boolean} options.whole `true` if the review covers all members
 * @param {string} options.idleFor
 * @param {number} options.now
 * @param {string | null} options.notice
 */
export function reviewPage({ product, viewer, people, review, entries, whole, idleFor, now, notice }) {
  const nameOf = namer(people);
  const members = people.filter(({ account, removed }) => account === viewer.account && !removed);
  const next = new URLSearchParams({ ...(idleFor && { idleFor }), cursor: review.cursor ?? '' });
  return page({
    title: 'Review',
    product,
    viewer,
    here: '/review',
    width: 'wide',
    content: html`<h1>Review</h1>
${messages({ notice })}
<section aria-labelledby="members">
  <h2 id="members">Members of ${viewer.account}</h2>
  ${members.flatMap((member) => {
    const found = review.members.find(({ user }) => user === member.id);
    // A member who is missing here may be on another page.
    if (found === undefined && !whole) return [];
    return memberPanel({ member, found, viewer, words: product.words, now });
  })}
  ${review.cursor === null ? null : html`<p><a href="/review?${next.toString()}">More members</a></p>`}
</section>
<section class="panel" aria-labelledby="shared">
  <h2 id="shared">Devices that several members share</h2>
  ${
    review.sharedDevices.length === 0
      ? html`<p class="quiet">None.</p>`
      : html`<ul class="rows">${review.sharedDevices.map(
          ({ label, ip, users }) => html`<li><div><strong>${label}</strong>
    <span class="quiet">${ip ?? 'address not known'} · ${users.map(nameOf).join(', ')}</span></div></li>`,
        )}</ul>`
  }
</section>
<div class="columns">
${idleForm()}
${accountForm(product)}
</div>
<section class="panel" aria-labelledby="latest">
  <h2 id="latest">The latest of the audit log</h2>
  ${entriesTable(entries, nameOf)}
  <p><a href="/audit">All of it</a></p>
</section>`,
  });
}

function idleForm() {
  return html`<form class="panel fields" method="post" action="/review/end-idle" aria-labelledby="idle">
  <h2 id="idle">Clean up</h2>
  <label>End sessions that were not used for <select name="unusedFor">
    <option value="7d">7 days</option><option value="30d" selected>30 days</option><option value="90d">90 days</option>
  </select></label>
  <label>Note <input name="note" maxlength="256"></label>
  <div class="actions">
    <button class="danger">End them…</button>
  </div>
</form>`;
}

/** @param {Product} product */
function accountForm({ words }) {
  return html`<form class="panel fields" method="post" action="/review/revoke" aria-labelledby="whole">
  <h2 id="whole">The whole account</h2>
  <input type="hidden" name="all" value="yes">
  <label>Reason <input name="reason" maxlength="256" placeholder="incident"></label>
  <label>Note <input name="note" maxlength="256"></label>
  <div class="actions">
    <button class="danger">${words.act} everybody…</button>
  </div>
</form>`;
}
