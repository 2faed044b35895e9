// @ts-check
// The pages, made on the server: they work without JavaScript.
import { html } from './html.js';

/** @typedef {import('session-revocation').ListedSession} ListedSession */

/**
 * What is told after a redirect, by the name in the address: nothing of a request is shown.
 *
 * @type {Readonly<Record<string, string>>}
 */
const NOTICES = {
  device: 'That device is logged out.',
  others: 'All other devices are logged out.',
  everywhere: 'You are signed out on every device.',
  password: 'Your password is changed, and all other devices are logged out.',
};

/** @type {Readonly<Record<string, string>>} */
const REASONS = {
  'signed-out': 'Logged out',
  replaced: 'Replaced by a new sign-in',
  'signed-out-others': 'Logged out with all other devices',
  'signed-out-everywhere': 'Signed out everywhere',
  'password-changed': 'The password was changed',
};

/**
 * @param {string} title
 * @param {ReturnType<typeof html>} content
 */
function page(title, content) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`.toString();
}

/**
 * @param {unknown} name
 * @param {string | null} [problem]
 */
function notices(name, problem = null) {
  const notice = typeof name === 'string' && Object.hasOwn(NOTICES, name) ? NOTICES[name] : null;
  return [
    ...(notice ? [html`<p class="notice" role="status">${notice}</p>`] : []),
    ...(problem ? [html`<p class="problem" role="alert">${problem}</p>`] : []),
  ];
}

/** @param {{ returnTo: string, email?: string, done?: unknown, problem?: string }} options */
export function signInPage({ returnTo, email = '', done, problem }) {
  return page(
    'Sign in',
    html`
<h1>Sign in</h1>
${notices(done, problem)}
<form class="card fields" method="post" action="/sign-in">
  <input type="hidden" name="returnTo" value="${returnTo}">
  <label>E-mail <input name="email" type="email" autocomplete="username" required value="${email}"></label>
  <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <label class="check"><input name="remember" type="checkbox" value="yes"> Stay signed in on this device</label>
  <button class="main">Sign in</button>
</form>
<p class="quiet">The terminal that runs this demo tells the users and their passwords.</p>`,
  );
}

/**
 * @typedef {object} DevicesOptions
 * @property {string} email
 * @property {readonly ListedSession[]} sessions
 * @property {string} current the id of the session that asks
 * @property {boolean} more whether there are still others
 * @property {number} now
 * @property {unknown} [done]
 * @property {string} [problem]
 */

/** @param {DevicesOptions} options */
export function devicesPage({ email, sessions, current, more, now, done, problem }) {
  return page(
    'Your devices',
    html`
<header>
  <p class="quiet">Signed in as <strong>${email}</strong></p>
  <form method="post" action="/sign-out"><button>Sign out</button></form>
</header>
<h1>Your devices</h1>
${notices(done, problem)}
<ul class="card rows">
${sessions.map((session) => deviceRow(session, session.id === current, now))}
</ul>
${more ? html`<p class="quiet">These are the latest ${sessions.length}.</p>` : null}
<div class="actions">
  ${confirmed('Log out other devices', '/sign-out-others', 'Every device but this one has to sign in again.')}
  ${confirmed('Sign out everywhere', '/sign-out-everywhere', 'Every device has to sign in again, this one too.')}
</div>
<p><a href="/history">Devices that were logged out</a></p>
<h2>Change your password</h2>
<form class="card fields" method="post" action="/password">
  <input type="email" autocomplete="username" value="${email}" readonly hidden>
  <label>Current password <input name="current" type="password" autocomplete="current-password" required></label>
  <label>New password <input name="next" type="password" autocomplete="new-password" required minlength="8"></label>
  <button class="main">Change password</button>
  <p class="quiet">All other devices are logged out by it.</p>
</form>`,
  );
}

/**
 * @param {ListedSession} session
 * @param {boolean} current
 * @param {number} now
 */
function deviceRow({ id, device, lastUsedAt, createdAt }, current, now) {
  const action = current
    ? html`<span class="badge">Current session</span>`
    : html`<form method="post" action="/devices/${id}/log-out"><button aria-label="Log out ${device.label}">Log out</button></form>`;
  return html`<li>
  <div>
    <strong>${device.label}</strong>
    <span class="quiet">${current ? 'Active now' : `Last used ${ago(lastUsedAt, now)}`}</span>
    <span class="quiet">Signed in ${ago(createdAt, now)} from ${device.ip ?? 'an unknown address'}</span>
  </div>
  ${action}
</li>`;
}

/**
 * A button that asks once more.
 *
 * @param {string} label
 * @param {string} action
 * @param {string} text
 */
function confirmed(label, action, text) {
  return html`<details>
    <summary>${label}</summary>
    <form class="card" method="post" action="${action}"><p>${text}</p><button class="main">${label}</button></form>
  </details>`;
}

/** @param {{ sessions: readonly ListedSession[], now: number }} options */
export function historyPage({ sessions, now }) {
  const rows = sessions.map(
    ({ device, createdAt, over }) => html`<li>
  <div>
    <strong>${device.label}</strong>
    <span class="quiet">${endOf(over, now)}</span>
    <span class="quiet">Signed in ${ago(createdAt, now)} from ${device.ip ?? 'an unknown address'}</span>
  </div>
</li>`,
  );
  return page(
    'Logged out',
    html`
<h1>Devices that were logged out</h1>
${rows.length > 0 ? html`<ul class="card rows">${rows}</ul>` : html`<p>None in the last days.</p>`}
<p><a href="/">Back to your devices</a></p>`,
  );
}

/**
 * @param {ListedSession['over']} over
 * @param {number} now
 */
function endOf(over, now) {
  if (over === null) return '';
  if (over.reason === 'expired') return `Expired ${ago(over.at, now)}`;
  const end = over.reason === 'ended' ? over.ended : over.revocation;
  if (end === null) return 'Revoked';
  return `${REASONS[end.reason ?? ''] ?? end.reason ?? 'Ended'} ${ago(end.at, now)}`;
}

/** @param {{ title: string, detail: string }} options */
export function messagePage({ title, detail }) {
  return page(
    title,
    html`
<h1>${title}</h1>
<p>${detail}</p>
<p><a href="/">Back</a></p>`,
  );
}

/** @type {readonly (readonly [Intl.RelativeTimeFormatUnit, number])[]} */
const UNITS = [
  ['day', 86400e3],
  ['hour', 3600e3],
  ['minute', 60e3],
];
const relative = new Intl.RelativeTimeFormat('en');

/**
 * @param {number} at
 * @param {number} now
 */
function ago(at, now) {
  const [unit, length] = UNITS.find(([, length]) => now - at >= length) ?? [];
  return unit === undefined || length === undefined
    ? 'just now'
    : relative.format(-Math.floor((now - at) / length), unit);
}
