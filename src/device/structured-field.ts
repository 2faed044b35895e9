/**
 * As much of Structured Fields (RFC 9651) as client hints use: a list of strings, a string, a boolean. A field that
 * fails to parse is ignored as a whole (RFC 9651, 4.2), which here is `null`: the caller falls back to the User-Agent.
 */

// Printable ASCII; a quote or a backslash is escaped by a backslash, nothing else may be (RFC 9651, 3.3.3).
const STRING = '"((?:[ !#-\\[\\]-~]|\\\\["\\\\])*)"';
// A parameter, whose value nobody here reads: `;v="124"`, `;v=124`, `;q`.
const PARAMETERS = `((?:;[ ]*[a-z*][a-z0-9_.*-]*(?:=(?:${STRING}|[^\\s",;]+))?)*)`;

const STRING_ITEM = new RegExp(`${STRING}${PARAMETERS}`, 'y');
const BOOLEAN_ITEM = new RegExp(`^[ ]*\\?([01])${PARAMETERS}[ ]*$`);
const COMMA = /[ \t]*,[ \t]*/y;

// A field far longer than any real one is not worth the time. It is ignored, not cut: cutting changes the meaning.
const LONGEST_FIELD = 1024;

const isField = (field: unknown): field is string => typeof field === 'string' && field.length <= LONGEST_FIELD;

/** The strings of a list, without their parameters; `null` if it is not a list that holds strings only. */
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

/** The string, without its parameters; `null` if it is not one. */
export function parseString(field: unknown): string | null {
  const [string, ...others] = parseStringList(field) ?? [];
  return string === undefined || others.length > 0 ? null : string;
}

/** `?1` and `?0`; `null` for anything else. */
export function parseBoolean(field: unknown): boolean | null {
  const value = isField(field) ? BOOLEAN_ITEM.exec(field)?.[1] : undefined;
  return value === undefined ? null : value === '1';
}
