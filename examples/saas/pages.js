// @ts-check
import { nameOf } from './accounts.js';
import { html } from './html.js';

/**
 * @typedef {import('session-revocation').Session} Session
 * @typedef {import('session-revocation').ListedSession} Row
 */

const WHY = new Map([
  ['not-verified', 'That did not work.'],
  ['signed-out', 'You were signed out.'],
  ['signed-out-others', 'You were signed out on another device.'],
  ['signed-out-everywhere', 'You were signed out on all devices.'],
  ['suspended', 'The account was suspended.'],
  ['idle', 'You were signed out after some time.'],
  ['expired', 'You were signed out after some time.'],
]);

/** @param {{ why: string, returnTo: string }} options */
export function loginPage({ why, returnTo }) {
  return page(
    'Sign in',
    html`<p role="status">${WHY.get(why) ?? ''}</p>
    <form method="post" action="/login">
      <input type="hidden" name="returnTo" value="${returnTo}">
      <label>User <input name="user" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
    </form>`,
  );
}

/**
 * @param {object} options
 * @param {string} options.user
 * @param {string | null} options.account id of the open account
 * @param {readonly import('./accounts.js').Membership[]} options.memberships
 * @param {string} [options.problem]
 * @param {string | null} [options.suspended] id of a suspended account that this user may resume
 */
export function accountsPage({ user, account, memberships, problem = '', suspended = null }) {
  const rows = memberships.map(
    ({ id, name, role }) => html`<li><span>${name}, as ${role}</span>
      ${id === account ? html`<a href="/">open</a>` : button(`/accounts/${id}/open`, 'Open')}</li>`,
  );
  return page(
    `Accounts of ${user}`,
    html`<p role="alert">${problem}</p>
    ${suspended === null ? null : button(`/accounts/${suspended}/resume`, `Resume ${nameOf(suspended)}`)}
    <ul>${rows}</ul>
    ${button('/sessions/sign-out', 'Sign out')}`,
  );
}

/** @param {{ session: Session, rows: readonly Row[], isAdmin: boolean }} options */
export function devicesPage({ session, rows, isAdmin }) {
  const devices = rows.map(
    (row) => html`<li><span>${row.device.label} in ${nameOf(row.account)}, last used ${timeOf(row.lastUsedAt)}</span>
      ${row.id === session.id ? html`<b>This one</b>` : button(`/sessions/${row.id}/sign-out`, 'Sign out')}</li>`,
  );
  return page(
    `${nameOf(session.account)}: devices of ${session.user}`,
    html`<nav><a href="/accounts">Accounts</a>${isAdmin ? html` <a href="/admin">Administration</a>` : null}</nav>
    <ul>${devices}</ul>
    ${button('/sessions/sign-out', 'Sign out')}
    ${button('/sessions/sign-out-others', 'Sign out on all other devices')}
    ${button('/sessions/sign-out-everywhere', 'Sign out everywhere')}`,
  );
}

/**
 * @param {object} options
 * @param {Session} options.session
 * @param {import('session-revocation').Review} options.review
 * @param {import('session-revocation').Policy} options.policy
 * @param {readonly import('session-revocation').AuditEntry[]} options.entries
 */
export function administrationPage({ session, review, policy, entries }) {
  return page(
    `Administration of ${nameOf(session.account)}`,
    html`<nav><a href="/">Devices</a> <a href="/accounts">Accounts</a></nav>
    <h2>Who is signed in</h2>
    ${review.members.map((member) => memberSection(member, session))}
    ${button('/admin/end-unused', 'End what was not used for 30 days')}
    <h2>What a sign-out ends</h2>
    <form method="post" action="/admin/policy">
      <select name="signOut" aria-label="What a sign-out ends">
        <option value="session">that session</option>
        <option value="everywhere"${policy.signOut === 'everywhere' ? html` selected` : null}>all of the user’s sessions in this account</option>
      </select>
      <button>Save</button>
    </form>
    <h2>The whole account</h2>
    <form method="post" action="/admin/sign-everybody-out">
      <label>Why <input name="note" maxlength="256"></label>
      <button>Sign everybody out</button>
      <button formaction="/admin/suspend">Suspend the account</button>
    </form>
    <h2>Audit log</h2>
    <table>
      <thead><tr><th>When</th><th>What</th><th>About</th><th>By</th><th>Why</th></tr></thead>
      <tbody>${entries.map(entryRow)}</tbody>
    </table>`,
  );
}

/**
 * @param {import('session-revocation').ReviewedMember} member
 * @param {Session} own
 */
function memberSection({ user, roles, sessions }, own) {
  const query = `?user=${encodeURIComponent(user)}`;
  const rows = sessions.map(
    (row) => html`<li><span>${row.device.label}, last used ${timeOf(row.lastUsedAt)}${row.idle ? ' (idle)' : ''}</span>
      ${row.id === own.id ? html`<b>This one</b>` : button(`/sessions/${row.id}/sign-out${query}`, 'End', '/admin')}</li>`,
  );
  const all = button(`/sessions/sign-out-everywhere${query}`, `End all of ${user}`, '/admin');
  return html`<section>
    <h3>${user}, ${roles?.join(', ') ?? ''}</h3>
    <ul>${rows}</ul>
    ${user === own.user ? null : all}
  </section>`;
}

/** @param {import('session-revocation').AuditEntry} entry */
function entryRow({ at, type, user, by, reason, note, details }) {
  const what = typeof details.change === 'string' ? `${type} (${details.change})` : type;
  return html`<tr><td>${timeOf(at)}</td><td>${what}</td><td>${user ?? 'everybody'}</td><td>${by}</td>
    <td>${[reason, note].filter((text) => text !== null).join(': ')}</td></tr>`;
}

/** @param {string} text */
export const messagePage = (text) => page(text, html`<p><a href="/">Go on</a></p>`);

/**
 * @param {string} action
 * @param {string} label
 * @param {string} [returnTo]
 */
const button = (action, label, returnTo = '/') => html`<form method="post" action="${action}">
  <input type="hidden" name="returnTo" value="${returnTo}"><button>${label}</button></form>`;

/** @param {number} at Unix ms */
const timeOf = (at) => new Date(at).toLocaleString();

/**
 * @param {string} title
 * @param {ReturnType<typeof html>} body
 */
function page(title, body) {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
    <meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"></head>
    <body><h1>${title}</h1>${body}</body></html>`.text;
}
