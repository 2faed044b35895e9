import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '../..');

/** The pages for readers. */
export const pages: readonly string[] = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

/** A fenced code block. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The nearest heading above it. */
  readonly section: string;
  /** Line number of its first line in the page. */
  readonly line: number;
}

export const readPage = (page: string): Promise<string> => readFile(join(root, page), 'utf8');

/** Returns the code blocks of a page. */
export const blocksOf = async (page: string): Promise<readonly Block[]> => blocksIn(await readPage(page));

function blocksIn(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let section = '';
  let open: { language: string; line: number; lines: string[] } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (open !== null && fence !== null) {
      blocks.push({ language: open.language, text: open.lines.join('\n'), section, line: open.line });
      open = null;
    } else if (open !== null) open.lines.push(line);
    else if (fence !== null) open = { language: fence[1] ?? '', line: index + 2, lines: [] };
    else section = /^#+ (.*)/.exec(line)?.[1] ?? section;
  }
  return blocks;
}

/** Returns the code blocks in the docblocks of a module. */
export async function docblocksOf(module: string): Promise<readonly Block[]> {
  const lines = (await readPage(module)).split('\n');
  const text = lines.map((line) => /^ *\* ?(.*)/.exec(line)?.[1] ?? '').join('\n');
  return blocksIn(text);
}

/** Returns the rows of all tables of a page. A row is a list of cells. */
export async function rowsOf(page: string): Promise<readonly (readonly string[])[]> {
  const lines = (await readPage(page)).split('\n').filter((line) => line.startsWith('|'));
  return lines.map(cellsOf);
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** A table of a page. */
export interface Table {
  readonly page: string;
  /** The nearest heading above it. */
  readonly section: string;
  /** The first cell of its heading. */
  readonly column: string;
  readonly rows: readonly (readonly string[])[];
}

/** Returns the tables of a page. */
export async function tablesOf(page: string): Promise<readonly Table[]> {
  const tables: (Table & { readonly rows: (readonly string[])[] })[] = [];
  let section = '';
  let open: (readonly string[])[] | null = null;
  for (const line of (await readPage(page)).split('\n')) {
    section = /^#+ (.*)/.exec(line)?.[1] ?? section;
    if (!line.startsWith('|')) open = null;
    else if (open === null) {
      open = [];
      tables.push({ page, section, column: cellsOf(line)[0] ?? '', rows: open });
    } else if (!/^[|:\s-]+$/.test(line)) open.push(cellsOf(line));
  }
  return tables;
}
