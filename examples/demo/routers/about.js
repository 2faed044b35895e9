// @ts-check
import express from 'express';
import { Refusal, wantsPage } from '../answers.js';
import { aboutPage } from '../pages/about.js';
import { productOf } from '../products.js';
import { ROWS } from '../rows.js';

/** @param {import('../app.js').Demo} demo */
export function aboutRouter({ product: running }) {
  const router = express.Router();
  router.get('/about', (req, res) => {
    const product = req.query.product === undefined ? running : named(req.query.product);
    const rows = ROWS[product.letter] ?? [];
    if (wantsPage(req)) res.send(aboutPage({ product, rows, running }));
    else res.json({ product: product.letter, name: product.name, text: product.text, rows });
  });
  return router;
}

/** @param {unknown} letter */
function named(letter) {
  try {
    return productOf(letter);
  } catch (error) {
    throw new Refusal(400, 'No such product', { detail: /** @type {Error} */ (error).message, cause: error });
  }
}
