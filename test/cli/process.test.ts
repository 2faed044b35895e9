import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { compiledPackage } from '../services/compiled.ts';
import { wordsOf } from './support/cli.ts';
import { triedFile } from './support/people.ts';

const root = join(import.meta.dirname, '../..');
const PROGRAM = [join(await compiledPackage(), 'dist/cli.js')];

/** Timeout of the program, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

/** Runs the program as a separate process, without a terminal and with an empty input. */
function run(words: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...PROGRAM, ...wordsOf(words)], {
    ...{ cwd: root, encoding: 'utf8', timeout: TEST_TIMEOUT, stdio: ['ignore', 'pipe', 'pipe'] },
    env: { ...process.env, SESSION_STORE_URL: '', ...env },
  });
  return { code: status, out: stdout, err: stderr };
}

describe('the program', { timeout: 6 * TEST_TIMEOUT }, () => {
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
        err: expect.stringMatching(
          /^error: account acme of the realm default has several users, and there is no terminal/,
        ),
      },
    });
    expect(await app.accepts(token)).toBe(true);
    expect(run('list --user ann --timeout 1m --store postgres://ann:hush-hush@127.0.0.1:1/db')).toMatchObject({
      ...{ code: 3, out: '', err: expect.stringContaining('ECONNREFUSED') },
    });
    expect(run('revoke --account acme --yes', env)).toMatchObject({ code: 0, err: '' });
    expect(await app.accepts(token)).toBe(false);
  });

  test('does each command, and ends with its code', async () => {
    const app = await triedFile();
    const env = { SESSION_STORE_URL: app.url };
    const tries = (words: string, code: number, out: RegExp, err = /^$/): void => {
      const ran = run(words, { ...env, SESSION_REALM: 'dashboard' });
      expect([ran.code, ran.err], words).toEqual([code, expect.stringMatching(err)]);
      expect(ran.out, words).toMatch(out);
    };
    const ann = { user: 'ann', account: 'acme' };
    await app.startIn('dashboard', ann);
    const none = /^error: no live session was covered: .* of the realm dashboard\nwhat to do: .*: dashboard\n$/;
    tries('revoke --user anne --expect-some', 4, /^Revoked .* user anne of the realm dashboard, all kinds/, none);
    tries('revoke --user ann --expect-some', 0, /\nIt covered 1 live session, counted just before\.\n$/);
    tries('forget --user ann', 2, /^$/, /^error: forgetting user ann of the realm dashboard cannot be undone/);
    const { session } = await app.startIn('dashboard', ann);
    tries(
      `end ${session.id} --user ann`,
      0,
      /^Ended session .* of user ann of the realm dashboard: no process accepts it from now on\.\n$/,
    );
    await app.startIn('dashboard', ann);
    tries('suspend --account acme --yes', 0, /^Suspended account acme of the realm dashboard: .*\nIt covered 1 /);
    tries('resume --account acme', 0, /^Resumed account acme of the realm dashboard: /);
    await app.startIn('dashboard', ann);
    tries('end-idle --user ann --idle-for 1d', 0, /^Ended 0 sessions of user ann of the realm dashboard\.\n$/);
    tries('forget --user ann --yes', 0, /^Forgot user ann .*: removed 4 sessions \(1 live, counted just /);
    await app.startIn('dashboard', ann);
    tries('setup', 0, /^sqlite:.* is ready\.\nnow: .*\nrealms: dashboard\n$/);
    tries('doctor', 0, /\nok +realms +dashboard; asked about: dashboard\n/);
    tries('list --user ann', 0, /^ID /);
    tries('list --user anne', 0, /^$/, /^user anne has no live sessions in the realm dashboard\.\nwhat to do: /);
    tries('policy set --account acme --sign-out everywhere', 0, /^Changed: In account acme of the realm dashboard/);
    tries('policy get --account acme', 0, /all of the user's sessions there\.\n$/);
    tries('review --account acme', 0, /^USER .*\nann +1 /);
    tries('prune', 0, /^Pruned 0 sessions, .* of all realms of the store in /);
    tries('audit --type policy.changed', 0, /^AT .*\n.* policy\.changed /);
    tries('keys', 0, /^{\n {2}"alg": "EdDSA"/);
    tries('list --json', 2, /^$/, /^{"error":{"code":"MISUSE","exitCode":2,"message":"required option/);
  });

  test('ends quietly when the reader of the pipe is gone', async () => {
    const app = await triedFile();
    for (let at = 0; at < 30; at++) await app.start({ user: 'ann' });
    const child = spawn(process.execPath, [...PROGRAM, ...wordsOf('list --user ann --limit 1 --all --json')], {
      ...{ cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: TEST_TIMEOUT },
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

describe.skipIf(!existsSync('/dev/full'))('the program, on a disk that is full', { timeout: TEST_TIMEOUT }, () => {
  test('says so on one line', async () => {
    const app = await triedFile();
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const { status, stderr } = spawnSync(process.execPath, [...PROGRAM, ...wordsOf('list --user ann --json')], {
      ...{ cwd: root, encoding: 'utf8', timeout: TEST_TIMEOUT, stdio: ['ignore', full, 'pipe'] },
      env: { ...process.env, SESSION_STORE_URL: app.url },
    });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^{"error":{"code":"ANSWER_NOT_WRITTEN","exitCode":1,"message":".*: ENOSPC.*}\n$/),
    ]);
  });
});

describe('a file without permission for this user', { timeout: TEST_TIMEOUT }, () => {
  // Root may read any file, so the process switches to another user. It switches after its start: the other user may
  // not be allowed to run this Node binary, which may be in a folder of root.
  const becomeOther = 'data:text/javascript,process.setgid(65534);process.setuid(65534)';
  const first = process.getuid?.() === 0 ? ['--import', becomeOther] : [];

  test.skipIf(process.getuid === undefined)('is denied, and another attempt will not help', () => {
    const folder = mkdtempSync(join(tmpdir(), 'session-revocation-denied-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0o755);
    const file = join(folder, 'sessions.db');
    writeFileSync(file, '', { mode: 0o400 });
    const { status, stdout, stderr } = spawnSync(process.execPath, [...first, ...PROGRAM, 'list', '--user', 'ann'], {
      ...{ cwd: root, encoding: 'utf8', timeout: TEST_TIMEOUT, stdio: ['ignore', 'pipe', 'pipe'] },
      env: { ...process.env, SESSION_STORE_URL: file },
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^error: this user has no permission to read and write the file .*sessions\.db \(SESSION_STORE_DENIED\)\ncause: EACCES/,
    );
    expect(stderr).toMatch(/\nwhat to do: check /);
  });
});

/** `script` of util-linux gives a program a terminal. */
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
if (!hasScript) console.warn('SKIPPED: questions on a real terminal (there is no `script` of util-linux)');

describe.skipIf(!hasScript)('at a terminal', { timeout: 2 * TEST_TIMEOUT }, () => {
  // Each answer needs a process, so there are only two. Other tests try more answers within their own process.
  test.each([
    ['the name', 'acme\r', 0, false],
    ['Ctrl-C', '\u0003', 130, true],
  ])('a question is answered by %s', async (_, keys, expected, stays) => {
    const app = await triedFile();
    const { token } = await app.start({ user: 'ann', account: 'acme' });
    const words = [process.execPath, ...PROGRAM, 'revoke', '--account', 'acme'].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', words, '/dev/null'], {
      ...{ cwd: root, stdio: ['pipe', 'pipe', 'inherit'], timeout: TEST_TIMEOUT },
      env: { ...process.env, SESSION_STORE_URL: app.url },
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      // Types only after the question has appeared: a terminal may drop earlier input.
      const asked = out.includes('to continue: ');
      out += chunk;
      if (!asked && out.includes('to continue: ')) child.stdin.write(keys);
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, out).toBe(expected);
    expect(out).toContain('This would end 1 session of 1 user: account acme of the realm default.');
    expect(await app.accepts(token)).toBe(stays);
  });
});
