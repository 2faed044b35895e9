// @ts-check

/** Markup whose values are escaped. */
class Html {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @typedef {Html | string | number | null | readonly Html[]} Value */

/**
 * A template tag that escapes its values, except markup from this tag. Quote all attributes.
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
