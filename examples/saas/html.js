// @ts-check

/** Markup: what was put into it was escaped. */
class Html {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @typedef {Html | string | number | null | readonly Html[]} Value */

/**
 * A template whose values are escaped, unless they were made by it. Attributes must be quoted.
 *
 * @param {TemplateStringsArray} texts
 * @param {...Value} values
 */
export function html(texts, ...values) {
  return new Html(String.raw({ raw: texts }, ...values.map(markup)));
}

/**
 * @param {Value} value
 * @returns {string}
 */
function markup(value) {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(markup).join('\n');
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
