// @ts-check
import { html } from '../html.js';
import { messages, page } from './layout.js';

/**
 * @param {object} options
 * @param {import('../products.js').Product} options.product
 * @param {string} options.returnTo
 * @param {string} [options.email]
 * @param {string | null | undefined} [options.why] why the user is signed out
 * @param {string | null} [options.dismiss] action of the form that clears `why`
 * @param {string | null} [options.notice]
 * @param {string} [options.problem]
 */
export function signInPage({ product, returnTo, email = '', why, dismiss, notice, problem }) {
  return page({
    title: 'Sign in',
    product,
    width: 'narrow',
    content: html`<h1>Sign in</h1>
${messages({ notice, why: problem === undefined ? why : null, dismiss, problem })}
<form class="panel fields" method="post" action="/sign-in">
  <input type="hidden" name="returnTo" value="${returnTo}">
  <label>E-mail <input name="email" type="email" autocomplete="username" required value="${email}"></label>
  <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  ${product.secondFactor === null ? null : codeField()}
  <label class="check"><input name="remember" type="checkbox" value="yes"> Stay signed in on this device</label>
  <button class="main">Sign in</button>
</form>
<p><a href="/password-reset">Forgot your password?</a></p>
<p class="quiet">The terminal that runs this demo tells the users and their passwords.${product.shop ? html` Buyers sign in to the <a href="/shop">shop</a>.` : null}</p>`,
  });
}

function codeField() {
  return html`<label>Code <span class="hint" id="code-hint">Of your authenticator app, if your second factor is on.</span>
    <input name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" aria-describedby="code-hint"></label>`;
}
