/** A form of a page, as a browser without JavaScript would send it. */
export interface Form {
  readonly method: string;
  readonly action: string;
  /** The values that the page has filled in. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Returns the forms of a page. It is the demo's own HTML, so a few patterns are enough to read it. */
export function formsOf(html: string): readonly Form[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, tag = '', inside = '']) => {
    const inputs = [...inside.matchAll(/<(?:input|button)\b([^>]*)>/gs)].map(([, input = '']) => input);
    const named = inputs.filter((input) => attribute(input, 'name') !== '');
    const fields = named.map((input) => [attribute(input, 'name'), attribute(input, 'value')]);
    return { method: attribute(tag, 'method'), action: attribute(tag, 'action'), fields: Object.fromEntries(fields) };
  });
}

/** Returns the targets of a page's links. */
export const linksOf = (html: string): readonly string[] =>
  [...html.matchAll(/<a\b([^>]*)>/gs)].map(([, tag = '']) => attribute(tag, 'href'));

const attribute = (tag: string, name: string): string =>
  unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '');

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };

const unescaped = (text: string): string => text.replace(/&([a-z]+|#\d+);/g, (whole, name) => ENTITIES[name] ?? whole);
