// @ts-check
// The frame of every page. Pages are rendered on the server. Only the card needs scripts.
import { html } from '../html.js';

/** @typedef {ReturnType<typeof html>} Html */

/**
 * @typedef {object} Layout
 * @property {string} title
 * @property {import('../products.js').Product} [product]
 * @property {import('../routers/account.js').Viewer | null} [viewer] the signed-in user
 * @property {string} [here] path of the page, if it is in the menu
 * @property {boolean} [card] `true` if the page has the card
 * @property {'narrow' | 'wide'} [width]
 * @property {Html | null} [header] instead of the menu
 * @property {Html} content
 */

/** @param {Layout} layout */
export function page({ title, product, viewer = null, here = '', card = false, width, header, content }) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}${product ? ` · ${product.name}` : ''}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
${card && product?.words.ofCard === false ? html`<script type="module" src="/card-texts.js"></script>` : null}
${card ? html`<script type="module" src="/session-revocation-ui.js"></script>` : null}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
  <div class="bar">
    <a class="brand" href="/">${product?.name ?? 'Demo'}</a>
    ${header === undefined ? menu(product, viewer, here) : header}
  </div>
</header>
<main id="main" tabindex="-1"${width === undefined ? null : html` class="${width}"`}>
${content}
</main>
<footer>
  ${product ? html`<a href="/about">What product ${product.letter} does</a>` : html`<a href="/">To the start</a>`}
</footer>
</body>
</html>
`.toString();
}

/**
 * @param {import('../products.js').Product | undefined} product
 * @param {import('../routers/account.js').Viewer | null} viewer
 * @param {string} here
 */
function menu(product, viewer, here) {
  if (viewer === null) return null;
  const links = [
    ['/profile', 'Profile'],
    ['/account', 'Sessions & security'],
    ...(product?.tokens ? [['/tokens', 'Tokens']] : []),
    ...(viewer.admin
      ? [
          ['/review', 'Review'],
          ['/audit', 'Audit log'],
        ]
      : []),
    ...(product?.shop ? [['/shop', 'Shop']] : []),
  ];
  return html`<nav aria-label="Pages"><ul>
${links.map(([path = '', name = '']) => html`<li><a href="${path}"${path === here ? html` aria-current="page"` : null}>${name}</a></li>`)}
    </ul></nav>
    <div class="who">
      <span title="Signed in as">${viewer.email}</span>
      <form method="post" action="/sign-out"><button>${product?.words.act ?? 'Log out'}</button></form>
    </div>`;
}

/**
 * The messages of a page: the result of an action, the reason why the user is signed out, and an error.
 *
 * @typedef {string | null | undefined} Message
 * @param {{ notice?: Message, why?: Message, dismiss?: Message, problem?: Message }} told `dismiss`: action of the form that clears `why`
 */
export const messages = ({ notice, why, dismiss, problem }) => [
  ...(why ? [html`<p class="why" role="status">${why}</p>`] : []),
  ...(why && dismiss ? [dismissal(dismiss)] : []),
  ...(notice ? [html`<p class="notice" role="status">${notice}</p>`] : []),
  ...(problem ? [html`<p class="problem" role="alert">${problem}</p>`] : []),
];

/** @param {string} action */
const dismissal = (action) =>
  html`<form method="post" action="${action}"><input type="hidden" name="returnTo" value="${action.slice(0, -9) || '/'}"><button>Dismiss</button></form>`;
