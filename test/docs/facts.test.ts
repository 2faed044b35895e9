import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { createSessions, SessionError, type SessionErrorCode } from 'session-revocation';
import { expect, test } from 'vitest';
import { type ProblemName, problem } from '../../adapters/frameworks/http/answer.ts';
import manifest from '../../package.json' with { type: 'json' };
import { EVENT_TYPES } from '../../src/events/event-types.ts';
import { pages, readPage, root, rowsOf } from './markdown.ts';

/** Returns the rows of the table whose first heading this is, without backticks. */
async function table(page: string, heading: string): Promise<(readonly string[])[]> {
  const rows = await rowsOf(page);
  const start = rows.findIndex(([cell]) => cell === heading) + 2;
  const end = rows.findIndex(([, cell], at) => at > start && /^-+$/.test(cell ?? ''));
  return rows.slice(start, end < 0 ? undefined : end - 1).map((row) => row.map((cell) => cell.replaceAll('`', '')));
}

/** Returns the members of a union of literals, or the keys of an object, from the text of a source file. */
async function namesIn(file: string, after: string): Promise<string[]> {
  const text = (await readPage(file)).split(after)[1]?.split(/;|\} as const/)[0] ?? '';
  return [...text.matchAll(/^\s*\|? *'?([\w-]+)'?(?::|$)/gm)].map(([, name = '']) => name);
}

test('docs/http.md names every problem with its status and title', async () => {
  const rows = await table('docs/http.md', 'name');
  for (const [name, status, title] of rows) {
    const body = JSON.parse(problem(name as ProblemName).body ?? '');
    expect([body.type, String(body.status), body.title]).toEqual([
      `urn:problem-type:session-revocation:${name}`,
      status,
      title,
    ]);
  }
  const names = await namesIn('adapters/frameworks/http/answer.ts', 'const PROBLEMS =');
  expect(rows.map(([name]) => name)).toEqual(names);
});

test('docs/errors.md names every code with its status', async () => {
  const rows = await table('docs/errors.md', 'code');
  for (const [code, status] of rows) {
    expect([code, String(new SessionError(code as SessionErrorCode, '').status)]).toEqual([code, status]);
  }
  expect(rows.map(([code]) => code)).toEqual(await namesIn('src/lib/errors.ts', 'export type SessionErrorCode ='));
});

test('docs/monitoring.md names every event', async () => {
  const rows = await table('docs/monitoring.md', 'event');
  expect(rows.map(([name]) => name)).toEqual(EVENT_TYPES);
});

test('docs/options.md names every option', async () => {
  let message = '';
  try {
    createSessions({ unheardOf: true } as never);
  } catch (error) {
    message = String(error);
  }
  const known = /known are (.*)$/.exec(message)?.[1]?.split(', ') ?? [];
  expect((await table('docs/options.md', 'option')).map(([name]) => name)).toEqual(known);
});

test('README.md names every subpath, and each has a page', async () => {
  const subpaths = Object.keys(manifest.exports).filter((subpath) => !/^\.$|package\.json/.test(subpath));
  const [readme, writing] = [await readPage('README.md'), await readPage('docs/writing-a-store.md')];
  for (const subpath of subpaths) {
    const name = subpath.slice(2);
    if (name === 'testing') expect(writing).toContain(`session-revocation/${name}`);
    else {
      expect(readme).toContain(`](docs/${name}.md)`);
      expect(readme).toContain(`\`session-revocation/${name}\``);
    }
  }
});

test.each(pages)('the links of %s lead somewhere', async (page) => {
  for (const [, target = ''] of (await readPage(page)).matchAll(/\]\(([^)]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    expect(existsSync(join(root, file)), `${page}: ${target}`).toBe(true);
    if (anchor === undefined) continue;
    const headings = [...(await readPage(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(headings, `${page}: ${target}`).toContain(anchor);
  }
});
