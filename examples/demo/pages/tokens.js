// @ts-check
import { html } from '../html.js';
import { messages, page } from './layout.js';
import { ago, when } from './time.js';

/**
 * @typedef {object} Token
 * @property {string} id
 * @property {string} name
 * @property {string} kind
 * @property {number} createdAt
 * @property {number} lastUsedAt
 * @property {number | null} expiresAt
 */

/**
 * @param {object} options
 * @param {import('../products.js').Product} options.product
 * @param {import('../routers/account.js').Viewer} options.viewer
 * @param {readonly Token[]} options.tokens
 * @param {number} options.now
 * @param {{ name: string, token: string }} [options.made]
 * @param {string | null} [options.notice]
 * @param {string} [options.problem]
 */
export function tokensPage({ product, viewer, tokens, now, made, notice, problem }) {
  return page({
    title: 'Tokens',
    product,
    viewer,
    here: '/tokens',
    content: html`<h1>Tokens</h1>
${messages({ notice, problem })}
${made ? shownOnce(made) : null}
<section class="panel" aria-labelledby="yours">
  <h2 id="yours">Your tokens</h2>
  ${tokens.length === 0 ? html`<p class="quiet">None yet.</p>` : html`<ul class="rows">${tokens.map((token) => item(token, now))}</ul>`}
  <div class="actions">
    ${['api', 'mcp'].filter((kind) => tokens.some((token) => token.kind === kind)).map(revokeAll)}
  </div>
</section>
<section aria-labelledby="new">
  <form class="panel fields" method="post" action="/tokens">
    <h2 id="new">New token</h2>
    <label>Name <input name="name" required maxlength="50" placeholder="nightly-build" autocomplete="off"></label>
    <fieldset>
      <legend>For</legend>
      <label class="check"><input type="radio" name="kind" value="api" checked> a program of yours (API)</label>
      <label class="check"><input type="radio" name="kind" value="mcp"> an assistant (MCP)</label>
    </fieldset>
    <button class="main">Make a token</button>
  </form>
</section>`,
  });
}

/** @param {{ name: string, token: string }} made */
function shownOnce({ name, token }) {
  return html`<div class="notice" role="status">
  <p>This is the token <strong>${name}</strong>. Copy it now: it is not shown again.</p>
  <p><code class="token">${token}</code></p>
</div>`;
}

/**
 * @param {Token} token
 * @param {number} now
 */
function item({ id, name, kind, lastUsedAt, expiresAt }, now) {
  const end = expiresAt === null ? 'never expires' : html`until ${when(expiresAt)}`;
  return html`<li>
  <div>
    <strong>${name}</strong> 
    <span class="quiet">${kind} · used ${ago(lastUsedAt, now)} · ${end}</span>
  </div>
  <form method="post" action="/sessions/${id}/sign-out">
    <input type="hidden" name="returnTo" value="/tokens">
    <button aria-label="Revoke ${name}">Revoke</button>
  </form>
</li>`;
}

/** @param {string} kind */
function revokeAll(kind) {
  return html`<form method="post" action="/tokens/revoke">
      <input type="hidden" name="kind" value="${kind}">
      <button class="danger">Revoke all ${kind} tokens</button>
    </form>`;
}
