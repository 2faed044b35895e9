// @ts-check
import { html } from '../html.js';
import { SHORTEST_PASSWORD } from '../passwords.js';
import { messages, page } from './layout.js';

/** @param {{ product: import('../products.js').Product, notice?: string | null, problem?: string }} options */
export function requestResetPage({ product, ...told }) {
  return page({
    title: 'Forgot your password?',
    product,
    width: 'narrow',
    content: html`<h1>Forgot your password?</h1>
${messages(told)}
<form class="panel fields" method="post" action="/password-reset/request">
  <p>You get a link to choose a new one.</p>
  <label>E-mail <input name="email" type="email" autocomplete="username" required></label>
  <button class="main">Send the link</button>
  <p class="quiet">This demo sends no mail: the link is printed in its terminal.</p>
</form>
<p><a href="/">Back to the sign-in</a></p>`,
  });
}

/** @param {{ product: import('../products.js').Product, token: string, problem?: string }} options */
export function chooseNewPage({ product, token, problem }) {
  return page({
    title: 'Choose a new password',
    product,
    width: 'narrow',
    content: html`<h1>Choose a new password</h1>
${messages({ problem })}
<form class="panel fields" method="post" action="/password-reset">
  <input type="hidden" name="token" value="${token}">
  <label>New password <input name="next" type="password" autocomplete="new-password" required minlength="${SHORTEST_PASSWORD}"></label>
  <button class="main">Set the password</button>
  <p class="quiet">You are ${product.words.done} on every device, and every token is revoked.</p>
</form>`,
  });
}
