export interface Column<Row> {
  readonly title: string;
  cell(row: Row): string | null;
  short?(row: Row): string | null;
  readonly wideOnly?: boolean | undefined;
  /** The cell may be cut if its `short` text is still too wide. Never set for text that users type again, such as an id. */
  readonly cut?: boolean | undefined;
}

const GAP = '  ';
const MIN_CUT = 7;
const ELLIPSIS = '…';

interface Layout<Row> {
  readonly columns: readonly Column<Row>[];
  readonly short: boolean;
  readonly widths: readonly number[];
}

/** Formats rows as a table, page by page. The first page decides the widths, because only it has titles. */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #width: number;
  #layout: Layout<Row> | null = null;

  /** `width` is that of the terminal, in characters. `Infinity` shortens nothing. */
  constructor(columns: readonly Column<Row>[], width: number) {
    this.#columns = columns;
    this.#width = width;
  }

  lines(rows: readonly Row[]): string[] {
    const isFirst = this.#layout === null;
    this.#layout ??= layOut(this.#columns, rows, this.#width);
    const { columns, short, widths } = this.#layout;
    const titles = isFirst ? [columns.map(({ title }) => title)] : [];
    return [...titles, ...textsOf(columns, rows, short)].map((cells) => lineOf(cells, widths));
  }
}

/** Chooses the columns and their widths. Uses whole texts if there is room, else short texts, else short texts that are cut. */
function layOut<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Layout<Row> {
  const whole = widthsOf(columns, textsOf(columns, rows, false));
  if (sumOf(whole) <= width) return { columns, short: false, widths: whole };
  const narrow = columns.filter(({ wideOnly }) => wideOnly !== true);
  const widths = widthsOf(narrow, textsOf(narrow, rows, true));
  while (sumOf(widths) > width) {
    const widest = widestToCut(narrow, widths);
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return { columns: narrow, short: true, widths };
}

const textsOf = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], short: boolean): string[][] =>
  rows.map((row) =>
    columns.map((column) => {
      const text = short && column.short !== undefined ? column.short(row) : column.cell(row);
      return printable(text ?? '-');
    }),
  );

const widthsOf = <Row>(columns: readonly Column<Row>[], texts: readonly (readonly string[])[]): number[] =>
  columns.map(({ title }, at) =>
    texts.reduce((widest, cells) => Math.max(widest, widthOf(cells[at] ?? '')), title.length),
  );

const sumOf = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));

function widestToCut<Row>(columns: readonly Column<Row>[], widths: readonly number[]): number {
  let widest = -1;
  for (const [at, width] of widths.entries()) {
    if (columns[at]?.cut !== true || width <= MIN_CUT) continue;
    if (widest < 0 || width > (widths[widest] ?? 0)) widest = at;
  }
  return widest;
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  const last = cells.length - 1;
  return cells
    .map((cell, at) => {
      const width = widths[at] ?? 0;
      const text = widthOf(cell) > width ? cutTo(cell, width) : cell;
      return at === last ? text : text + ' '.repeat(Math.max(0, width - widthOf(text)));
    })
    .join(GAP)
    .trimEnd();
}

/** Replaces characters that move the cursor or change the text direction, because device names and notes are untrusted. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '\ufffd');

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** East Asian letters and most emoji take two columns. */
const WIDE = new RegExp(
  '\\p{Emoji_Presentation}|\\ufe0f|[\\u{20000}-\\u{3fffd}]|' +
    '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff' +
    '\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6]',
  'u',
);

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

function widthOf(text: string): number {
  if (isPlain(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

function cutTo(text: string, width: number): string {
  let kept = '';
  let room = width - ELLIPSIS.length;
  for (const { segment } of graphemes.segment(text)) {
    room -= WIDE.test(segment) ? 2 : 1;
    if (room < 0) break;
    kept += segment;
  }
  return kept + ELLIPSIS;
}
