// @ts-check
import { html } from '../html.js';
import { namer } from './entries.js';
import { page } from './layout.js';
import { ago } from './time.js';

/**
 * The confirmation before an administrator's action. It names the affected users and the sessions that would end.
 *
 * @typedef {object} Question
 * @property {string} title names the affected users
 * @property {string} text
 * @property {string} yes label of the button
 * @property {Readonly<Record<string, string>>} fields of the form, to send again
 * @property {Pick<import('session-revocation').WouldEnd, 'more'> & { readonly sessions: readonly WouldEndSession[] }} wouldEnd
 */

/** @typedef {Pick<import('session-revocation').ListedSession, 'user' | 'device' | 'kind' | 'lastUsedAt'>} WouldEndSession */

/**
 * @param {Question & {
 *   product: import('../products.js').Product,
 *   viewer: import('../routers/account.js').Viewer,
 *   people: readonly import('../users.js').User[],
 *   action: string,
 *   now: number,
 * }} options
 */
export function questionPage({ product, viewer, people, action, title, text, yes, fields, wouldEnd, now }) {
  const nameOf = namer(people);
  const { sessions, more } = wouldEnd;
  return page({
    title,
    product,
    viewer,
    content: html`<h1>${title}</h1>
<p class="notice" role="status">Nothing has changed yet.</p>
<p>${text}</p>
<section class="panel" aria-labelledby="would-end">
  <h2 id="would-end">Sessions that would end</h2>
  ${
    sessions.length === 0
      ? html`<p>None.</p>`
      : html`<ul class="rows">${sessions.map(
          ({ user, device, kind, lastUsedAt }) => html`<li><div><strong>${device.label}</strong>
    <span class="quiet">${nameOf(user)} · ${kind} · used ${ago(lastUsedAt, now)}</span></div></li>`,
        )}</ul>`
  }
  ${more ? html`<p>And more.</p>` : null}
  <form class="actions" method="post" action="${action}">
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
    <button class="main danger" name="confirmed" value="yes">${yes}</button>
    <a class="button" href="/review">Cancel</a>
  </form>
</section>`,
  });
}
