// @ts-check
import { html } from '../html.js';
import { PRODUCTS } from '../products.js';
import { head } from './entries.js';
import { page } from './layout.js';

/** @typedef {import('../products.js').Product} Product */

/**
 * @param {object} options
 * @param {Product} options.product
 * @param {readonly { id: string, text: string, see: string }[]} options.rows
 * @param {Product} options.running
 */
export function aboutPage({ product, rows, running }) {
  const isRunning = product.letter === running.letter;
  return page({
    title: `Product ${product.letter}`,
    product: running,
    header: html`<a class="button" href="/">To the app</a>`,
    content: html`<h1>${product.name}</h1>
<p>${product.text}</p>
${isRunning ? null : html`<p class="notice">Another product is running. This one is started by <code>npm start -- --product ${product.letter}</code></p>`}
<section class="panel" aria-label="What it does">
  <div class="scroll" role="region" aria-label="What product ${product.letter} does" tabindex="0"><table role="table">
${head(['Row', 'What it does', 'Where to see it'])}
<tbody role="rowgroup">
${rows.map(({ id, text, see }) => html`<tr role="row"><th scope="row" role="rowheader" data-label="Row">${id}</th><td role="cell" data-label="What it does">${text}</td><td role="cell" data-label="Where to see it" class="quiet">${see}</td></tr>`)}
</tbody>
</table></div>
</section>
<nav aria-label="Products"><ul class="products">
${Object.values(PRODUCTS).map(
  ({ letter, name }) =>
    html`<li><a href="/about?product=${letter}"${letter === product.letter ? html` aria-current="page"` : null}>${letter}: ${name}</a></li>`,
)}
</ul></nav>`,
  });
}
