import type { PageOptions } from './options.ts';
import type { Column } from './table.ts';
import type { Task } from './task.ts';

export interface PageRequest {
  readonly cursor: string | undefined;
  readonly limit: number | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly cursor: string | null;
}

export interface Pages<Row, Answer> {
  ask(request: PageRequest): Promise<Answer>;
  pageOf(answer: Answer): Page<Row>;
  readonly columns: readonly Column<Row>[];
  none(): Promise<readonly string[]>;
  below?(answer: Answer): readonly string[];
  /** JSON rows for `--all`. Default: `rows`. */
  linesOf?(answer: Answer): readonly unknown[];
}

/** Prints one page, or with `--all` every page. As JSON, one page is the library's result, and `--all` prints one line per row. */
export async function printPages<Row, Answer>(task: Task<PageOptions>, pages: Pages<Row, Answer>): Promise<void> {
  const { out, options } = task;
  const { limit, all } = options;
  const table = out.table(pages.columns);
  let cursor: string | null = options.cursor ?? null;
  let found = 0;
  do {
    const answer = await pages.ask({ cursor: cursor ?? undefined, limit });
    const page = pages.pageOf(answer);
    found += page.rows.length;
    ({ cursor } = page);
    if (all && out.isJson) {
      for (const row of pages.linesOf?.(answer) ?? page.rows) out.row(row);
      continue;
    }
    out.answer(answer, () => [
      ...(page.rows.length === 0 ? [] : table.lines(page.rows)),
      ...(pages.below?.(answer) ?? []),
    ]);
  } while (all && cursor !== null);
  if (out.isJson) return;
  if (found === 0) for (const line of await pages.none()) out.note(line);
  if (cursor !== null) out.note(`There are more rows: add --cursor ${cursor}, or --all.`);
}
