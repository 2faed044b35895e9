/** What must not stand in a line: controls, what escapes them, and halves of characters, which no encoding keeps. */
const SPECIAL = /[\p{Cc}"\\\p{Cs}]/u;

/** The empty text. A backslash is never alone otherwise. */
const EMPTY = '\\';

/** A text as a line of a value; nothing at all for `null`. Nearly every text stays as it is. */
export function lineOf(text: string | null): string {
  if (text === null) return '';
  if (text === '') return EMPTY;
  return SPECIAL.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

/** The text that {@link lineOf} was given, `null` for no line or an empty one. */
export function textOrNull(line: string | undefined): string | null {
  if (line === undefined || line === '') return null;
  if (!line.includes('\\')) return line;
  return line === EMPTY ? '' : (JSON.parse(`"${line}"`) as string);
}

/** A number, as short as can be: `1209600000` is `12096e5`. Lua and JavaScript read both alike. */
export const numberLine = (value: number): string => String(value).replace(/0{3,}$/, (zeros) => `e${zeros.length}`);

/** The same, and nothing for `null`. */
export const numberOrNothing = (value: number | null): string => (value === null ? '' : numberLine(value));
