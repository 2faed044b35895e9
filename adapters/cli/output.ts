import { adviceLine, documentOf, type Failure, linesOf } from './errors.ts';
import { type Column, printable, Table } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface Warning {
  readonly code: 'NONE_COVERED' | 'NOT_COUNTED' | 'BACKGROUND_FAILED' | 'NOT_CLOSED' | 'NODE_WARNING';
  readonly message: string;
  readonly advice?: string;
}

/** Writes the output of a command. Answers go to stdout, as tables and sentences or as JSON. All other text goes to stderr. */
export class Output {
  readonly isJson: boolean;
  readonly #terminal: Terminal;
  readonly #hide: (text: string) => string;

  /** `hide` removes passwords from text for stderr. */
  constructor(terminal: Terminal, isJson: boolean, hide: (text: string) => string = (text) => text) {
    this.#terminal = terminal;
    this.isJson = isJson;
    this.#hide = hide;
  }

  answer(document: unknown, lines: () => readonly string[]): void {
    if (this.isJson) this.#print(this.#terminal.stdout, toJson(document, 2));
    else for (const line of lines()) this.#print(this.#terminal.stdout, printable(line));
  }

  /** Writes a row of a large answer as one line of JSON. */
  row(document: unknown): void {
    this.#print(this.#terminal.stdout, toJson(document));
  }

  /** Writes a text for people. Scripts do not read it. */
  note(text: string): void {
    this.#print(this.#terminal.stderr, printable(this.#hide(text)));
  }

  /** Writes a warning as a sentence, or with `--json` as a line of JSON. */
  warn(warning: Warning): void {
    if (this.isJson) this.#print(this.#terminal.stderr, this.#hide(toJson({ warning })));
    else {
      this.note(`warning: ${warning.message}`);
      if (warning.advice !== undefined) this.note(adviceLine(warning.advice));
    }
  }

  /** Writes the error that ends the command. With `--json`, it is the last line of JSON. */
  fail(failure: Failure): void {
    if (this.isJson) this.#print(this.#terminal.stderr, this.#hide(toJson(documentOf(failure))));
    else for (const line of linesOf(failure)) this.#print(this.#terminal.stderr, this.#hide(line));
  }

  /** Shows the progress in place of the previous progress line. Shows nothing without a terminal. */
  progress(text: string): void {
    if (this.#terminal.isTty) this.#terminal.stderr.write(`\r\u001b[K${printable(text)}`);
  }

  table<Row>(columns: readonly Column<Row>[]): Table<Row> {
    return new Table(columns, this.#terminal.stdout.columns ?? Number.POSITIVE_INFINITY);
  }

  #print(stream: NodeJS.WritableStream, line: string): void {
    stream.write(`${line}\n`);
  }
}

// JSON does not escape these control characters and marks that change the text direction.
const UNSEEN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const toJson = (document: unknown, indent = 0): string =>
  JSON.stringify(document, null, indent).replace(
    UNSEEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Returns a count with its noun, such as `1,234 sessions`. */
export const counted = (count: number, noun: string, plural: string = `${noun}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
