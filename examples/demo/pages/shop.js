// @ts-check
import { html } from '../html.js';
import { fallback } from './fallback.js';
import { messages, page } from './layout.js';

/** @typedef {import('../products.js').Product} Product */

/**
 * Parts of the card that this page hides. It has its own sign-out button. Buyers have no account, so they have no
 * policy.
 */
const HIDE = 'sign-out policy';

/**
 * @param {object} options
 * @param {Product} options.product
 * @param {string} options.returnTo
 * @param {string} [options.email]
 * @param {string | null | undefined} [options.why]
 * @param {string | null} [options.dismiss]
 * @param {string} [options.problem]
 */
export function shopSignInPage({ product, returnTo, email = '', why, dismiss, problem }) {
  return page({
    title: 'Shop',
    product,
    width: 'narrow',
    header: html`<a class="button" href="/">Dashboard</a>`,
    content: html`<h1>Sign in to the shop</h1>
${messages({ why, dismiss, problem })}
<form class="panel fields" method="post" action="/shop/sign-in">
  <input type="hidden" name="returnTo" value="${returnTo}">
  <label>E-mail <input name="email" type="email" autocomplete="username" required value="${email}"></label>
  <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <button class="main">Sign in</button>
</form>
<p class="quiet">Buyers are another population than the dashboard’s users: another realm, another cookie, other sessions.</p>`,
  });
}

/**
 * @param {object} options
 * @param {Product} options.product
 * @param {string} options.email
 * @param {readonly import('session-revocation').ListedSession[]} options.rows
 * @param {string} options.current
 * @param {boolean} options.more
 * @param {number} options.now
 */
export function shopPage({ product, email, rows, current, more, now }) {
  const forms = {
    src: '/shop/sessions',
    returnTo: '/shop',
    hide: HIDE,
    words: product.words,
    rows,
    more,
    current,
    now,
  };
  return page({
    title: 'Shop',
    product,
    card: true,
    header: html`<div class="who">
      <span title="Signed in as">${email}</span>
      <form method="post" action="/shop/sign-out"><button>${product.words.act}</button></form>
    </div>`,
    content: html`<h1>Shop</h1>
<p>Signed in as the buyer <strong>${email}</strong>. The <a href="/">dashboard</a> knows nothing of it.</p>
<login-management src="/shop/sessions" login-url="/shop" hide="${HIDE}" show="second-factor expiry">
${fallback(forms)}
</login-management>`,
  });
}
