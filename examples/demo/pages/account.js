// @ts-check
import { html } from '../html.js';
import { SHORTEST_PASSWORD } from '../passwords.js';
import { messages, page } from './layout.js';

/** @typedef {import('../products.js').Product} Product */
/** @typedef {import('../routers/account.js').Viewer} Viewer */

const METHODS = { password: 'Password', passkey: 'Passkey' };

/**
 * @param {object} options
 * @param {Product} options.product
 * @param {Viewer} options.viewer
 * @param {readonly import('../people.js').LoginMethod[]} options.methods
 * @param {string} options.totpSecret
 * @param {boolean} options.secondFactor
 * @param {boolean} options.everywhere `true` if the plan has "sign out everywhere"
 * @param {string | null} [options.notice]
 * @param {string} [options.problem]
 */
export function accountPage({ product, viewer, methods, totpSecret, secondFactor, everywhere, notice, problem }) {
  const effect =
    product.sessions.triggers?.passwordChanged === 'everywhere'
      ? `You are ${product.words.done} on every device by it, here too.`
      : `All other devices are ${product.words.done} by it.`;
  return page({
    title: 'Sessions & security',
    product,
    viewer,
    here: '/account',
    content: html`<h1>Sessions & security</h1>
${messages({ notice, problem })}
<section aria-labelledby="sessions" class="panel line">
  <div>
    <h2 id="sessions">Sessions</h2>
    <p class="quiet">End every session of yours at once, this one too.${everywhere ? null : ' It is part of the pro plan.'}</p>
  </div>
  ${everywhere ? html`<a class="button danger" href="/account/sign-out-everywhere">${product.words.act} everywhere…</a>` : null}
</section>
<div class="columns">
${passwordForm(viewer, effect)}
${emailForm(viewer, effect)}
${product.secondFactor === null ? null : secondFactorForm(viewer, secondFactor, totpSecret, effect)}
${loginMethods(methods)}
</div>`,
  });
}

/**
 * @param {Viewer} viewer
 * @param {string} effect
 */
function passwordForm(viewer, effect) {
  return html`<section aria-labelledby="password">
  <form class="panel fields" method="post" action="/password">
    <h2 id="password">Password</h2>
    <input type="email" autocomplete="username" value="${viewer.email}" readonly hidden>
    <label>Current password <input name="current" type="password" autocomplete="current-password" required></label>
    <label>New password <input name="next" type="password" autocomplete="new-password" required minlength="${SHORTEST_PASSWORD}"></label>
    <button class="main">Change password</button>
    <p class="quiet">${effect}</p>
  </form>
</section>`;
}

/**
 * @param {Viewer} viewer
 * @param {string} effect
 */
function emailForm(viewer, effect) {
  return html`<section aria-labelledby="email">
  <form class="panel fields" method="post" action="/email">
    <h2 id="email">E-mail address</h2>
    <label>New address <input name="email" type="email" autocomplete="email" required placeholder="${viewer.email}"></label>
    <label>Your password <input name="password" type="password" autocomplete="current-password" required></label>
    <button class="main">Change address</button>
    <p class="quiet">${effect}</p>
  </form>
</section>`;
}

/**
 * @param {Viewer} viewer
 * @param {boolean} on
 * @param {string} secret
 * @param {string} effect
 */
function secondFactorForm(viewer, on, secret, effect) {
  const uri = `otpauth://totp/Demo:${encodeURIComponent(viewer.email)}?secret=${secret}&issuer=Demo`;
  return html`<section aria-labelledby="second-factor">
  <form class="panel fields" method="post" action="/second-factor">
    <h2 id="second-factor">Second factor <span class="badge${on ? '' : ' off'}">${on ? 'On' : 'Off'}</span></h2>
    <p class="quiet">The secret for your authenticator app: <code>${secret}</code></p>
    <p class="quiet"><a href="${uri}">Add it to an app on this device</a></p>
    <input type="hidden" name="enabled" value="${on ? 'no' : 'yes'}">
    <label>Your password <input name="password" type="password" autocomplete="current-password" required></label>
    <button class="main">Switch it ${on ? 'off' : 'on'}</button>
    <p class="quiet">${effect}</p>
  </form>
</section>`;
}

/** @param {readonly import('../people.js').LoginMethod[]} methods */
function loginMethods(methods) {
  const last = methods.length === 1;
  return html`<section aria-labelledby="login-methods" class="panel fields">
  <h2 id="login-methods">Login methods</h2>
  <ul class="rows inset">
${methods.map(
  (method) => html`<li>
      <strong>${METHODS[method]}</strong>
      <form method="post" action="/login-methods/remove">
        <input type="hidden" name="method" value="${method}">
        <button aria-label="Remove ${METHODS[method]}">Remove</button>
      </form>
    </li>`,
)}
  </ul>
  <p class="quiet">${last ? 'It is the last one: removing it ends every session, this one too.' : 'Removing the last one ends every session.'}</p>
</section>`;
}

/** @param {{ product: Product, viewer: Viewer }} options */
export function signOutEverywherePage({ product, viewer }) {
  const act = `${product.words.act} everywhere`;
  const title = `${act}?`;
  return page({
    title,
    product,
    viewer,
    width: 'narrow',
    content: html`<h1>${title}</h1>
<form class="panel fields" method="post" action="/sessions/sign-out-everywhere">
  <p>Every device that is signed in as <strong>${viewer.email}</strong> has to sign in again, this one too. It notices ${product.words.noticed}. Others in your account stay signed in.</p>
  <input type="hidden" name="returnTo" value="/?reason=signed-out-everywhere">
  <div class="actions">
    <button class="main danger">${act}</button>
    <a class="button" href="/account">Cancel</a>
  </div>
</form>`,
  });
}
