import { type Column, printable, Table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Where answers go: as tables and sentences, or as JSON. Whatever is no answer goes to stderr. */
export class Output {
  readonly isJson: boolean;
  readonly #terminal: Terminal;

  constructor(terminal: Terminal, isJson: boolean) {
    this.#terminal = terminal;
    this.isJson = isJson;
  }

  /** An answer, as one document of JSON or else as what `lines` makes of it. */
  answer(document: unknown, lines: () => readonly string[]): void {
    if (this.isJson) this.#print(this.#terminal.stdout, toJson(document, 2));
    else for (const line of lines()) this.#print(this.#terminal.stdout, printable(line));
  }

  /** One row of many, as a line of JSON. */
  row(document: unknown): void {
    this.#print(this.#terminal.stdout, toJson(document));
  }

  /** For stderr: what somebody should know, and no script reads. */
  note(text: string): void {
    this.#print(this.#terminal.stderr, printable(text));
  }

  /** For stderr, over what stood on the line before. Nothing where nobody watches. */
  progress(text: string): void {
    if (this.#terminal.isTty) this.#terminal.stderr.write(`\r\u001b[K${printable(text)}`);
  }

  /** A table as wide as stdout, or as it likes where that is no terminal. */
  table<Row>(columns: readonly Column<Row>[]): Table<Row> {
    return new Table(columns, this.#terminal.stdout.columns ?? Number.POSITIVE_INFINITY);
  }

  #print(stream: NodeJS.WritableStream, line: string): void {
    stream.write(`${line}\n`);
  }
}

// Controls that JSON leaves as they are, and marks that turn the direction of what follows.
const UNSEEN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** JSON that does nothing to a terminal but be read there. */
const toJson = (document: unknown, indent = 0): string =>
  JSON.stringify(document, null, indent).replace(
    UNSEEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** `1 session`, `2 sessions`, `1,234 sessions`. */
export const counted = (count: number, noun: string, plural: string = `${noun}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
