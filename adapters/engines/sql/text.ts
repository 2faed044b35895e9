// Postgres takes no NUL, and libsql cuts a text off at one. The core lets no control character into a name, so that
// what was written before there was an escape has none either.
const ESCAPE = '\x10';
const NUL = '\0';
// PGlite takes one at the beginning for a mark of the encoding.
const BOM = '\ufeff';

/** A text as a column takes it: without NUL, and without a byte order mark at its beginning. */
export function toColumn<Text extends string | null>(text: Text): Text {
  if (text === null || !(text.includes(NUL) || text.includes(ESCAPE) || text.startsWith(BOM))) return text;
  const escaped = text.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll(NUL, `${ESCAPE}0`);
  return (escaped.startsWith(BOM) ? `${ESCAPE}2${escaped.slice(BOM.length)}` : escaped) as Text;
}

/** A text as it was before {@link toColumn}. */
export function fromColumn<Text extends string | null>(text: Text): Text {
  if (text === null || !text.includes(ESCAPE)) return text;
  return text.replaceAll(`${ESCAPE}2`, BOM).replaceAll(`${ESCAPE}0`, NUL).replaceAll(`${ESCAPE}1`, ESCAPE) as Text;
}
