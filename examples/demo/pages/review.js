// @ts-check
import { html } from '../html.js';
import { entriesTable, namer } from './entries.js';
import { messages, page } from './layout.js';
import { memberPanel } from './member.js';
import { ago } from './time.js';

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
 * @param {boolean} options.whole whether the review is of all members
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
    // On one of several pages, who is not there may be on another.
    if (found === undefined && !whole) return [];
    return memberPanel({ member, found, isSelf: member.id === viewer.user, now });
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
${accountForm()}
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
    <button name="dryRun" value="yes">What would end?</button>
    <button class="danger">End them</button>
  </div>
</form>`;
}

function accountForm() {
  return html`<form class="panel fields" method="post" action="/review/revoke" aria-labelledby="whole">
  <h2 id="whole">The whole account</h2>
  <input type="hidden" name="all" value="yes">
  <label>Reason <input name="reason" maxlength="256" placeholder="incident"></label>
  <label>Note <input name="note" maxlength="256"></label>
  <div class="actions">
    <button name="dryRun" value="yes">What would end?</button>
    <button class="danger">Sign everybody out</button>
  </div>
</form>`;
}

/**
 * @param {object} options
 * @param {Product} options.product
 * @param {Viewer} options.viewer
 * @param {readonly User[]} options.people
 * @param {string} options.action
 * @param {Readonly<Record<string, string>>} options.fields
 * @param {import('session-revocation').WouldEnd} options.wouldEnd
 * @param {number} options.now
 */
export function wouldEndPage({ product, viewer, people, action, fields, wouldEnd, now }) {
  const nameOf = namer(people);
  const { sessions, more } = wouldEnd;
  return page({
    title: 'What would end',
    product,
    viewer,
    content: html`<h1>What would end</h1>
<p class="notice" role="status">Nothing has ended yet.</p>
<section class="panel" aria-label="Sessions that would end">
  ${
    sessions.length === 0
      ? html`<p>No session.</p>`
      : html`<ul class="rows">${sessions.map(
          ({ user, device, kind, lastUsedAt }) => html`<li><div><strong>${device.label}</strong>
    <span class="quiet">${nameOf(user)} · ${kind} · used ${ago(lastUsedAt, now)}</span></div></li>`,
        )}</ul>`
  }
  ${more ? html`<p>And more.</p>` : null}
  <form class="actions" method="post" action="${action}">
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
    <button class="main danger"${sessions.length === 0 ? html` disabled` : null}>End ${sessions.length === 1 ? 'it' : 'them'}</button>
    <a class="button" href="/review">Cancel</a>
  </form>
</section>`,
  });
}
