// @ts-check
import { html } from '../html.js';
import { fallback } from './fallback.js';
import { messages, page } from './layout.js';

/**
 * @param {object} options
 * @param {import('../products.js').Product} options.product
 * @param {import('../routers/account.js').Viewer} options.viewer
 * @param {string} options.hide parts that the card hides
 * @param {readonly import('session-revocation').ListedSession[]} options.rows
 * @param {boolean} options.more
 * @param {number} options.now
 * @param {string | null} options.notice
 */
export function profilePage({ product, viewer, hide, rows, more, now, notice }) {
  const forms = {
    src: '/sessions',
    returnTo: '/profile',
    hide,
    words: product.words,
    rows,
    more,
    current: viewer.session,
    now,
  };
  return page({
    title: 'Profile',
    product,
    viewer,
    here: '/profile',
    card: true,
    content: html`<h1>Profile</h1>
${messages({ notice })}
<section class="panel person" aria-label="You">
  <span class="avatar" aria-hidden="true">${viewer.email.slice(0, 1).toUpperCase()}</span>
  <div>
    <strong>${viewer.email}</strong>
    <span class="quiet">${viewer.admin ? 'Administrator' : 'Member'} of ${viewer.account ?? 'no account'} · ${viewer.plan} plan</span>
  </div>
</section>
<login-management src="/sessions" login-url="/" hide="${hide}" show="second-factor expiry">
${fallback(forms)}
</login-management>`,
  });
}
