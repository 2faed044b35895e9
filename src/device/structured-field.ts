/**
 * The part of Structured Fields (RFC 9651) that client hints use: a list of strings, a string, a boolean. A field that
 * does not parse is ignored as a whole (RFC 9651, 4.2), and the User-Agent counts.
 */

// Printable ASCII. A backslash escapes only a quote or a backslash (RFC 9651, 3.3.3).
const STRING = '"((?:[ !#-\\[\\]-~]|\\\\["\\\\])*)"';
// Ignored parameters: `;v="124"`, `;v=124`, `;q`.
const PARAMETERS = `((?:;[ ]*[a-z*][a-z0-9_.*-]*(?:=(?:${STRING}|[^\\s",;]+))?)*)`;

const STRING_ITEM = new RegExp(`${STRING}${PARAMETERS}`, 'y');
const BOOLEAN_ITEM = new RegExp(`^[ ]*\\?([01])${PARAMETERS}[ ]*$`);
const COMMA = /[ \t]*,[ \t]*/y;

// Far above any real field. Cutting a longer field would change its meaning.
const MAX_FIELD = 1024;

// The field is ASCII (RFC 9651, 4.2), so `trim` removes only spaces and tabs.
const isField = (field: unknown): field is string =>
  typeof field === 'string' && field.length <= MAX_FIELD && /^[\t -~]*$/.test(field);

/** Parses a list of strings, and leaves out their parameters. Returns `null` if the field is not a list of strings only. */
export function parseStringList(field: unknown): readonly string[] | null {
  if (!isField(field)) return null;
  const text = field.trim();
  const strings: string[] = [];
  let at = 0;
  while (at < text.length) {
    STRING_ITEM.lastIndex = at;
    const item = STRING_ITEM.exec(text)?.[1];
    if (item === undefined) return null;
    strings.push(item.replace(/\\(.)/g, '$1'));
    at = STRING_ITEM.lastIndex;
    if (at === text.length) return strings;
    COMMA.lastIndex = at;
    if (!COMMA.test(text)) return null;
    at = COMMA.lastIndex;
  }
  return null; // empty, or a comma at the end
}

export function parseString(field: unknown): string | null {
  const [string, ...others] = parseStringList(field) ?? [];
  return string === undefined || others.length > 0 ? null : string;
}

/** `?1` or `?0`. */
export function parseBoolean(field: unknown): boolean | null {
  const value = isField(field) ? BOOLEAN_ITEM.exec(field)?.[1] : undefined;
  return value === undefined ? null : value === '1';
}
