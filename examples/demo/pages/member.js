// @ts-check
import { html } from '../html.js';
import { ago } from './time.js';

/**
 * @param {object} options
 * @param {import('../users.js').User} options.member
 * @param {import('session-revocation').ReviewedMember | undefined} options.found the member with living sessions; `undefined` without any
 * @param {import('../routers/account.js').Viewer} options.viewer
 * @param {import('../products.js').Words} options.words
 * @param {number} options.now
 */
export function memberPanel({ member, found, viewer, words, now }) {
  const { id, email, role, suspended } = member;
  const sessions = found?.sessions ?? [];
  const isSelf = id === viewer.user;
  return html`<article class="panel member" aria-labelledby="member-${id}">
  <header>
    <h3 id="member-${id}">${email}</h3>
    <span class="badge off">${role}</span>
    ${isSelf ? html`<span class="badge">you</span>` : null}
    ${suspended ? html`<span class="badge bad">suspended</span>` : null}
    ${sessions.length === 0 ? null : factor(found?.secondFactor === true)}
  </header>
  ${
    sessions.length === 0
      ? html`<div class="quiet">Not signed in.</div>`
      : html`<ul class="rows inset">${sessions.map((session) => row(session, { email, current: viewer.session, now }))}</ul>`
  }
  ${sessions.length === 0 ? null : revokeForm(id, email, words)}
  ${isSelf ? null : more(member)}
</article>`;
}

/** @param {boolean} second */
const factor = (second) =>
  second ? html`<span class="badge">second factor</span>` : html`<span class="badge warn">no second factor</span>`;

/**
 * @param {import('session-revocation/adapter').ReviewedSession} session
 * @param {{ email: string, current: string, now: number }} around
 */
function row({ id, user, device, kind, lastUsedAt, idle }, { email, current, now }) {
  const end = html`<form method="post" action="/review/end">
    <input type="hidden" name="user" value="${user}">
    <input type="hidden" name="session" value="${id}">
    <button aria-label="End ${device.label} of ${email}">End…</button>
  </form>`;
  return html`<li><div>
    <strong>${device.label}</strong>
    <span class="quiet">${kind} · ${device.ip ?? 'address not known'} · used ${ago(lastUsedAt, now)}</span>
  </div><div class="steps">${idle ? html`<span class="badge warn">idle</span>` : null}
  ${id === current ? html`<span class="badge">Current session</span>` : end}</div></li>`;
}

/**
 * @param {string} user
 * @param {string} email
 * @param {import('../products.js').Words} words
 */
function revokeForm(user, email, { act }) {
  return html`<form class="filter" method="post" action="/review/revoke" aria-label="${act} ${email}">
    <input type="hidden" name="user" value="${user}">
    <label>Reason <input name="reason" maxlength="256" placeholder="lost-device"></label>
    <label>Note <input name="note" maxlength="256"></label>
    <button class="danger" aria-label="${act} ${email}">${act}…</button>
  </form>`;
}

/** @param {import('../users.js').User} member */
function more({ id, email, role, suspended }) {
  const other = role === 'admin' ? 'member' : 'admin';
  const step = suspended ? 'resume' : 'suspend';
  return html`<details>
    <summary>More<span class="hidden"> about ${email}</span></summary>
    <div class="actions">
      <form method="post" action="/review/role"><input type="hidden" name="user" value="${id}"><input type="hidden" name="role" value="${other}"><button>Make ${other}…</button></form>
      <form method="post" action="/review/${step}"><input type="hidden" name="user" value="${id}"><button>${suspended ? 'Let sign in again' : 'Suspend'}…</button></form>
      <form method="post" action="/review/remove-member"><input type="hidden" name="user" value="${id}"><button class="danger">Remove from the account…</button></form>
      <form method="post" action="/review/forget"><input type="hidden" name="user" value="${id}"><button class="danger">Forget the person…</button></form>
    </div>
  </details>`;
}
