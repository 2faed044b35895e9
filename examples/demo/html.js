// @ts-check

/** Markup whose values are escaped. */
class Html {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

/** @typedef {Html | string | number | null | readonly Html[]} Value */

/** @type {Readonly<Record<string, string>>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * @param {Value} value
 * @returns {string}
 */
function escaped(value) {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.join('\n');
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/**
 * A template tag that escapes its values, except markup from this tag. Quote all attributes.
 *
 * @param {TemplateStringsArray} texts
 * @param {readonly Value[]} values
 */
export function html(texts, ...values) {
  return new Html(texts.reduce((all, text, index) => all + escaped(values[index - 1] ?? null) + text));
}
