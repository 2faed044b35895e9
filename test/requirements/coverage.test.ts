import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const range = (group: string, last: number): string[] => Array.from({ length: last }, (_, at) => `${group}-${at + 1}`);
const IDS = [
  ...[...range('SES', 25), ...range('DEV', 6), ...range('OPS', 8), ...range('JWT', 15), ...range('RTR', 8)],
  ...[...range('REV', 8), ...range('INT', 5), ...range('BCL', 15), ...range('SET', 23), ...range('GTR', 9)],
];

const rows = read('docs/requirements.md')
  .split('\n')
  .filter((line) => /^\| [A-Z]+-\d+ \|/.test(line))
  .map((line) => {
    const [id = '', source = '', holds = '', tests = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return { id, source, holds, tests, files: [...tests.matchAll(/`([^`]+)`/g)].map(([, file]) => file!) };
  });

/** Returns the ids in a file's code. Ids in comments do not count. */
function namedIn(file: string): Set<string> {
  const code = read(file).replace(/^\s*(\/\/|\/?\*).*$/gm, '');
  return new Set(code.match(/\b(SES|DEV|OPS|JWT|RTR|REV|INT|BCL|SET|GTR)-\d+\b/g));
}

const own = join('test', 'requirements', 'coverage.test.ts');
const testFiles = ['test', join('src', 'testing')]
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, String(file))))
  .filter((file) => file.endsWith('.ts') && file !== own);

describe('docs/requirements.md', () => {
  test('has one row for each id, in order', () => expect(rows.map(({ id }) => id)).toEqual(IDS));

  test.each(rows)('$id: says what holds, and the tests it names name it', ({ id, source, holds, tests, files }) => {
    expect(source).not.toBe('');
    expect(holds).toMatch(/\.$/);
    if (files.length === 0) expect(tests).toBe('none so far');
    for (const file of files) {
      expect(existsSync(join(root, file)), file).toBe(true);
      expect(namedIn(file), file).toContain(id);
    }
  });

  test('claims for no id that there is no test where there is one', () => {
    const named = new Set(testFiles.flatMap((file) => [...namedIn(file)]));
    const without = rows.filter(({ files }) => files.length === 0).map(({ id }) => id);
    expect(without.filter((id) => named.has(id))).toEqual([]);
    expect([...named].filter((id) => !IDS.includes(id))).toEqual([]);
  });
});
