import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { root, rowsOf } from '../markdown.ts';

/** An example, and the command that starts it. */
export interface Example {
  /** The command as written in the README. */
  readonly command: string;
  readonly folder: string;
  readonly file: string;
  readonly args: readonly string[];
  /** `true` if the example is written in TypeScript. */
  readonly isTypeScript: boolean;
}

const COMMAND = /^`(?:REDIS_URL=\S+ )?(?:cd (?<cd>\S+) && npx tsx|node) (?<path>\S+) ?(?<args>.*)`$/;

/** Returns the examples that the README names. */
export async function examples(): Promise<readonly Example[]> {
  const rows = await rowsOf('README.md');
  return rows.flatMap(([, cell = '']) => {
    const { cd = '.', path, args = '' } = COMMAND.exec(cell)?.groups ?? {};
    if (path === undefined) return [];
    const file = join(cd, path);
    const folder = basename(join(file, '..'));
    return [
      {
        command: cell.replaceAll('`', ''),
        folder,
        file,
        args: args === '' ? [] : args.split(' '),
        isTypeScript: cell.includes('npx tsx'),
      },
    ];
  });
}

/** Time limit for the start or the end of a program, in ms. Suffices on a busy machine. */
const WAIT_TIMEOUT = 60_000;

/**
 * Starts an example for the duration of a test: from the sources, or in `compiled`, the folder of a compiled package.
 * @returns its address.
 */
export async function startExample(
  { file, args, isTypeScript }: Example,
  env: Readonly<Record<string, string>>,
  compiled: string | null = null,
): Promise<string> {
  const cwd = isTypeScript ? root : (compiled ?? root);
  const child = spawn(process.execPath, [...(cwd === root ? ['--import', 'tsx'] : []), file, ...args], {
    cwd,
    // Node 22 and 24 print a warning that their SQLite is experimental.
    env: { ...process.env, NODE_NO_WARNINGS: '1', REDIS_URL: '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  onTestFinished(async () => {
    expect(await stopped(child, exit), output).toBe(0);
  }, 2 * WAIT_TIMEOUT);
  const ended = exit.then(([code]) => {
    throw new Error(`it ended with ${code}: ${output}`);
  });
  ended.catch(() => {});
  const listening = /^Listening on http:\/\/localhost:(\d+)\s/m;
  while (!listening.test(output)) {
    await Promise.race([ended, once(child.stdout, 'data', { signal: AbortSignal.timeout(WAIT_TIMEOUT) })]);
  }
  return `http://127.0.0.1:${listening.exec(output)?.[1]}`;
}

/** Sends SIGINT, as Ctrl-C does. Resolves to the exit code, or to `null` if the program must be killed. */
async function stopped(child: ChildProcess, exit: Promise<readonly unknown[]>): Promise<unknown> {
  child.kill('SIGINT');
  const hurry = setTimeout(() => child.kill('SIGKILL'), WAIT_TIMEOUT);
  const [code] = await exit;
  clearTimeout(hurry);
  return code;
}
