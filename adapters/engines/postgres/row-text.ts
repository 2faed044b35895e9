/** A column in a row's text: in quotes, or as it is. Nothing at all is NULL. */
const COLUMN = /"((?:[^"]|"")*)"|([^",]*)/y;

/** Within quotes, these stand twice. */
const DOUBLED = /""|\\\\/g;

/**
 * The columns of a row that Postgres gives as one text, such as `(a,"b c",,4)` (its manual, "Composite Type Input and Output
 * Syntax").
 * @throws `Error` for a text that is none.
 */
export function columnsOf(row: string): (string | null)[] {
  const end = row.length - 1;
  if (row[0] !== '(' || row[end] !== ')') throw malformed();
  const inside = row.slice(1, end);
  const columns: (string | null)[] = [];
  for (let at = 0; at <= inside.length; at = COLUMN.lastIndex + 1) {
    COLUMN.lastIndex = at;
    const [, quoted, plain] = COLUMN.exec(inside) ?? [];
    if (quoted !== undefined) columns.push(quoted.replace(DOUBLED, (pair) => pair.charAt(0)));
    else columns.push(plain || null);
    if (COLUMN.lastIndex < inside.length && inside[COLUMN.lastIndex] !== ',') throw malformed();
  }
  return columns;
}

const malformed = (): Error => new Error('a row is malformed');
