export type Value = string | number | null;

/**
 * A row, column by column. An array costs half as much as an object, because property names are not created for every
 * row.
 */
export type Row = readonly Value[];

// Begins an escaped character. Postgres rejects NUL, and libsql truncates a string at NUL.
const ESCAPE = '\x10';

const NUL = '\0';

// At the start of a string, PGlite takes a byte order mark for an encoding mark.
const BOM = '\ufeff';

/** Escapes a string for a column: no NUL, and no byte order mark at the start. */
export function toColumn<Text extends string | null>(text: Text): Text {
  if (text === null || !(text.includes(NUL) || text.includes(ESCAPE) || text.startsWith(BOM))) return text;
  const escaped = text.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll(NUL, `${ESCAPE}0`);
  return (escaped.startsWith(BOM) ? `${ESCAPE}2${escaped.slice(BOM.length)}` : escaped) as Text;
}

export function fromColumn<Text extends string | null>(text: Text): Text {
  if (text === null || !text.includes(ESCAPE)) return text;
  return text.replaceAll(`${ESCAPE}2`, BOM).replaceAll(`${ESCAPE}0`, NUL).replaceAll(`${ESCAPE}1`, ESCAPE) as Text;
}
