// @ts-check
// The card's content as plain forms. Shown until the card's script runs, and in browsers without JavaScript.
import { html } from '../html.js';
import { ago } from './time.js';

/** @typedef {import('session-revocation').ListedSession} ListedSession */

/**
 * @param {object} options
 * @param {string} options.src the path of the library's routes
 * @param {string} options.returnTo path to return to after a form
 * @param {string} options.hide parts to leave out
 * @param {import('../products.js').Words} options.words
 * @param {readonly ListedSession[]} options.rows
 * @param {boolean} options.more `true` if the user has more sessions
 * @param {string} options.current id of the session of the request
 * @param {number} options.now
 */
export function fallback({ src, returnTo, hide, words, rows, more, current, now }) {
  const hidden = hide.split(' ');
  const others = rows.length > 1 && !hidden.includes('sign-out-others');
  return html`<div class="panel">
  <h2>Your devices</h2>
  ${hidden.includes('rows') ? null : html`<ul class="rows">${rows.map((row) => item(src, returnTo, row, current, now))}</ul>`}
  ${more ? html`<p class="quiet">These are the latest ${rows.length}.</p>` : null}
  <div class="actions">
    ${others ? confirmed('Log out other devices', `${src}/sign-out-others`, returnTo) : null}
    ${hidden.includes('sign-out-everywhere') ? null : confirmed(`${words.act} everywhere`, `${src}/sign-out-everywhere`, '/?reason=signed-out-everywhere')}
  </div>
</div>`;
}

/**
 * @param {string} src
 * @param {string} returnTo
 * @param {ListedSession} row
 * @param {string} current
 * @param {number} now
 */
function item(src, returnTo, { id, kind, device, createdAt, lastUsedAt }, current, now) {
  const action =
    id === current
      ? html`<span class="badge">Current session</span>`
      : html`<form method="post" action="${src}/${id}/sign-out">
      <input type="hidden" name="returnTo" value="${returnTo}?done=device">
      <button aria-label="Log out ${device.label}">Log out</button>
    </form>`;
  return html`<li>
    <div>
      <strong>${device.label}</strong>
      <span class="quiet">Last active ${ago(lastUsedAt, now)} · Signed in ${ago(createdAt, now)} · ${device.ip ?? 'address not known'}${kind === 'browser' ? '' : ` · ${kind}`}</span>
    </div>
    ${action}
  </li>`;
}

/**
 * @param {string} label
 * @param {string} action
 * @param {string} returnTo
 */
function confirmed(label, action, returnTo) {
  const target = returnTo.includes('?') ? returnTo : `${returnTo}?done=others`;
  return html`<details>
      <summary>${label}</summary>
      <form method="post" action="${action}">
        <input type="hidden" name="returnTo" value="${target}">
        <button class="main danger">Yes, ${label.toLowerCase()}</button>
      </form>
    </details>`;
}
