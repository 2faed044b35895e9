// @ts-check
import { html } from '../html.js';
import { ago } from './time.js';

/**
 * A member, as an administrator sees one.
 *
 * @param {object} options
 * @param {import('../users.js').User} options.member
 * @param {import('session-revocation').ReviewedMember | undefined} options.found with living sessions
 * @param {boolean} options.isSelf
 * @param {number} options.now
 */
export function memberPanel({ member, found, isSelf, now }) {
  const { id, email, role, suspended } = member;
  const sessions = found?.sessions ?? [];
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
      : html`<ul class="rows inset">${sessions.map((session) => row(session, now))}</ul>`
  }
  ${sessions.length === 0 ? null : revokeForm(id, email)}
  ${isSelf ? null : more(member)}
</article>`;
}

/** @param {boolean} second */
const factor = (second) =>
  second ? html`<span class="badge">second factor</span>` : html`<span class="badge warn">no second factor</span>`;

/**
 * @param {import('session-revocation').ReviewedSession} session
 * @param {number} now
 */
function row({ device, kind, lastUsedAt, idle }, now) {
  return html`<li><div>
    <strong>${device.label}</strong>
    <span class="quiet">${kind} · ${device.ip ?? 'address not known'} · used ${ago(lastUsedAt, now)}</span>
  </div>${idle ? html`<span class="badge warn">idle</span>` : null}</li>`;
}

/**
 * @param {string} user
 * @param {string} email
 */
function revokeForm(user, email) {
  return html`<form class="filter" method="post" action="/review/revoke" aria-label="Sign out ${email}">
    <input type="hidden" name="user" value="${user}">
    <label>Reason <input name="reason" maxlength="256" placeholder="lost-device"></label>
    <label>Note <input name="note" maxlength="256"></label>
    <button name="dryRun" value="yes">What would end?</button>
    <button class="danger" aria-label="Sign out ${email}">Sign out</button>
  </form>`;
}

/** @param {import('../users.js').User} member */
function more({ id, email, role, suspended }) {
  const other = role === 'admin' ? 'member' : 'admin';
  const step = suspended ? 'resume' : 'suspend';
  return html`<details>
    <summary>More<span class="hidden"> about ${email}</span></summary>
    <div class="actions">
      <form method="post" action="/review/role"><input type="hidden" name="user" value="${id}"><input type="hidden" name="role" value="${other}"><button>Make ${other}</button></form>
      <form method="post" action="/review/${step}"><input type="hidden" name="user" value="${id}"><button>${suspended ? 'Let sign in again' : 'Suspend'}</button></form>
      <form method="post" action="/review/remove-member"><input type="hidden" name="user" value="${id}"><button class="danger">Remove from the account</button></form>
      <form method="post" action="/review/forget"><input type="hidden" name="user" value="${id}"><button class="danger">Forget the person</button></form>
    </div>
  </details>`;
}
