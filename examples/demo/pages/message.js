// @ts-check
import { html } from '../html.js';
import { page } from './layout.js';

/** @param {{ title: string, detail: string }} options */
export function messagePage({ title, detail }) {
  return page({
    title,
    width: 'narrow',
    content: html`<h1>${title}</h1>
<p>${detail}</p>
<p><a href="/">Back to the start</a></p>`,
  });
}
