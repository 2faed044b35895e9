/** Characters that a line must not contain: controls, escapes, and lone surrogates, which encodings lose. */
const SPECIAL = /[\p{Cc}"\\\p{Cs}]/u;

/** Stored form of the empty text. In other texts a backslash is never alone. */
const EMPTY = '\\';

/** Returns the stored form of a text, as one line. `null` becomes an empty line. Nearly every text stays unchanged. */
export function lineOf(text: string | null): string {
  if (text === null) return '';
  if (text === '') return EMPTY;
  return SPECIAL.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

export function textOrNull(line: string | undefined): string | null {
  if (line === undefined || line === '') return null;
  if (!line.includes('\\')) return line;
  return line === EMPTY ? '' : (JSON.parse(`"${line}"`) as string);
}

/**
 * Returns a short stored form of a number: `1209600000` becomes `12096e5`. Lua and JavaScript parse both in the
 * same way.
 */
export const numberLine = (value: number): string => String(value).replace(/0{3,}$/, (zeros) => `e${zeros.length}`);

export const numberOrNothing = (value: number | null): string => (value === null ? '' : numberLine(value));
