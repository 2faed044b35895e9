import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { blocksOf, root } from './markdown.ts';

/** The results of a test program. */
interface Ran {
  readonly status: number | null;
  readonly output: string;
  count(what: 'pass' | 'fail' | 'skipped'): number;
}

/** Runs a program with `node --test`, in a folder with these files. */
function runTests(program: string, files: Readonly<Record<string, string>> = {}): Ran {
  const folder = mkdtempSync(join(tmpdir(), 'session-revocation-adapter-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ ...files, 'adapter.test.mts': program })) {
    writeFileSync(join(folder, name), text);
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const args = ['--import', 'tsx', '--test', '--test-reporter=tap', join(folder, 'adapter.test.mts')];
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') };
  const { status, stdout: output } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1]);
  return { status, output, count };
}

async function programOf(page: string, title: string): Promise<string> {
  const block = (await blocksOf(page)).find(({ section, language }) => section === title && language === 'ts');
  return block?.text ?? expect.fail(`${page} has no program under ${title}`);
}

describe('the test program passes every case', { timeout: TEST_TIMEOUT }, () => {
  test.runIf(includes('docs: the test program of writing-a-store.md is run'))('of writing-a-store.md', async () => {
    const { status, output, count } = runTests(await programOf('docs/writing-a-store.md', 'The contract suite'));
    expect([status, count('fail')], output.slice(-2_000)).toEqual([0, 0]);
    expect(count('pass')).toBeGreaterThan(100);
    // The program skips the cases of powers that its store does not claim, and reports each.
    const skipped = output.split('\n').filter((line) => line.startsWith('ok') && line.includes('# SKIP'));
    expect(skipped.length).toBe(count('skipped'));
    expect(skipped.filter((line) => !/does not claim the power transactions$/.test(line))).toEqual([]);
  });

  test('of writing-a-notifier.md', async () => {
    const notifier = await programOf('docs/writing-a-notifier.md', 'Writing a notifier');
    const program = (await programOf('docs/writing-a-notifier.md', 'Tests')).replace(
      /^declare function emitterNotifier.*$/m,
      "import { emitterNotifier } from './notifier.mts';",
    );
    expect(program).toContain('./notifier.mts');
    const { status, output, count } = runTests(program, { 'notifier.mts': notifier });
    expect([status, count('fail'), count('skipped')], output.slice(-2_000)).toEqual([0, 0, 0]);
    expect(count('pass')).toBe(7);
  });
});
