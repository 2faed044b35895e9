import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { wordsOf } from './support/cli.ts';
import { triedFile } from './support/people.ts';

const root = join(import.meta.dirname, '../..');
const PROGRAM = ['--import', 'tsx', join(root, 'adapters/cli/index.ts')];

/** Longer than the program takes on a busy machine, in ms. */
const PATIENCE = 300_000;

/** The program as a process of its own, without a terminal, whose input has ended. */
function run(words: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...PROGRAM, ...wordsOf(words)], {
    ...{ cwd: root, encoding: 'utf8', timeout: PATIENCE, stdio: ['ignore', 'pipe', 'pipe'] },
    env: { ...process.env, SESSION_STORE_URL: '', ...env },
  });
  return { code: status, out: stdout, err: stderr };
}

describe('the program', { timeout: 6 * PATIENCE }, () => {
  test('tells its version', () => {
    expect(run('--version')).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });

  test('has a code for each way to end', async () => {
    const app = await triedFile();
    const { token } = await app.start({ user: 'ann', account: 'acme' });
    const env = { SESSION_STORE_URL: app.url };
    expect(run('revoke --account acme', env)).toMatchObject({
      ...{
        code: 2,
        out: '',
        err: expect.stringMatching(/^error: account acme is more than one person, and there is no terminal/),
      },
    });
    expect(await app.accepts(token)).toBe(true);
    expect(run('list --user ann --timeout 1m --store postgres://ann:hush-hush@127.0.0.1:1/db')).toMatchObject({
      ...{ code: 3, out: '', err: expect.stringContaining('ECONNREFUSED') },
    });
    expect(run('revoke --account acme --yes', env)).toMatchObject({ code: 0, err: '' });
    expect(await app.accepts(token)).toBe(false);
  });

  test('ends quietly where nobody reads on', async () => {
    const app = await triedFile();
    for (let at = 0; at < 30; at++) await app.start({ user: 'ann' });
    const child = spawn(process.execPath, [...PROGRAM, ...wordsOf('list --user ann --limit 1 --all --json')], {
      ...{ cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE },
      env: { ...process.env, SESSION_STORE_URL: app.url },
    });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, err]).toEqual([0, '']);
  });
});

describe.skipIf(!existsSync('/dev/full'))('the program, on a disk that is full', { timeout: PATIENCE }, () => {
  test('says so on one line', async () => {
    const app = await triedFile();
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const { status, stderr } = spawnSync(process.execPath, [...PROGRAM, ...wordsOf('list --user ann --json')], {
      ...{ cwd: root, encoding: 'utf8', timeout: PATIENCE, stdio: ['ignore', full, 'pipe'] },
      env: { ...process.env, SESSION_STORE_URL: app.url },
    });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: the answer could not be written: ENOSPC.*\n$/),
    ]);
  });
});

/** `script` of util-linux gives a program a terminal. */
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
if (!hasScript) console.warn('SKIPPED: questions on a real terminal (there is no `script` of util-linux)');

describe.skipIf(!hasScript)('at a terminal', { timeout: 2 * PATIENCE }, () => {
  // Each is a process; what else may be typed is tried in this one.
  test.each([
    ['the name', 'acme\r', 0, false],
    ['Ctrl-C', '\u0003', 130, true],
  ])('a question is answered by %s', async (_, keys, expected, stays) => {
    const app = await triedFile();
    const { token } = await app.start({ user: 'ann', account: 'acme' });
    const words = [process.execPath, ...PROGRAM, 'revoke', '--account', 'acme'].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', words, '/dev/null'], {
      ...{ cwd: root, stdio: ['pipe', 'pipe', 'inherit'], timeout: PATIENCE },
      env: { ...process.env, SESSION_STORE_URL: app.url },
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      // Not before the question is there: what is typed ahead, a terminal may drop.
      const asked = out.includes('to go on: ');
      out += chunk;
      if (!asked && out.includes('to go on: ')) child.stdin.write(keys);
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, out).toBe(expected);
    expect(out).toContain('This would end 1 session of 1 user: account acme.');
    expect(await app.accepts(token)).toBe(stays);
  });
});
