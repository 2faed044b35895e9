import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { blocksOf, root } from './markdown.ts';

test.runIf(includes('docs: the test program of writing-a-store.md is run'))(
  'the test program in writing-a-store.md passes every case that it claims',
  { timeout: TEST_TIMEOUT },
  async () => {
    const [program] = (await blocksOf('docs/writing-a-store.md')).filter(
      ({ section }) => section === 'The contract suite',
    );
    expect(program?.language).toBe('ts');
    const folder = mkdtempSync(join(tmpdir(), 'session-revocation-store-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'store.test.mts'), program?.text ?? '');
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));

    const args = ['--import', 'tsx', '--test', '--test-reporter=tap', join(folder, 'store.test.mts')];
    const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') };
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
    const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1]);
    expect([status, count('fail')], stdout.slice(-2_000)).toEqual([0, 0]);
    expect(count('pass')).toBeGreaterThan(100);
    // The program leaves out cases of the powers that it does not claim, and each says so.
    const skipped = stdout.split('\n').filter((line) => line.startsWith('ok') && line.includes('# SKIP'));
    expect(skipped.length).toBe(count('skipped'));
    expect(skipped.filter((line) => !/does not claim the power transactions$/.test(line))).toEqual([]);
  },
);
