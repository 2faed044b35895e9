// `npm run test:changed` checks the types, and runs the tests of each folder with a file that differs from the last
// commit. It does not follow imports, because a change in the core would then run nearly every test.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { typeCheck } from '../.ci/type-check.js';
import { leftOut } from './ci-only.ts';

const root = join(import.meta.dirname, '..');

const git = (...args: string[]): string[] =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);

/** Folders whose tests do not have the folder's name. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  testing: 'test/contract/',
  http: 'test/frameworks/fetch-node',
  shared: 'test/bridges/express-session.test',
  sql: 'test/engines/postgres.test',
};

/**
 * Returns the test of an operation. Operations do not use each other, so its own test file is enough. Some have none.
 */
function testOfOperation(name: string): string {
  const own = `test/src/operations/${name.replace('.ts', '.test.ts')}`;
  return existsSync(join(root, own)) ? own : 'test/src/operations/';
}

/** Returns parts of paths for a changed file. Vitest runs the tests whose paths contain one of them. */
function testsOf(file: string): readonly string[] {
  if (file.startsWith('test/')) return file.endsWith('.test.ts') ? [file] : [];
  const [place, room = '', name = ''] = file.split('/');
  if (place === 'src' && room === 'operations') return [testOfOperation(name)];
  if (place === 'src') return [name === '' ? 'test/src/sessions' : (ELSEWHERE[room] ?? `test/src/${room}/`)];
  if (place !== 'adapters') return [];
  return [
    ['cli', 'notifiers', 'receivers', 'transmitters', 'ui'].includes(room)
      ? `test/${room}/`
      : (ELSEWHERE[name] ?? `test/${room}/${name}`),
  ];
}

const changed = [...git('diff', '--name-only', 'HEAD'), ...git('ls-files', '--others', '--exclude-standard')];
const tests = [...new Set(changed.flatMap(testsOf))];
console.log(tests.length === 0 ? 'no tests are beside what changed' : `tests: ${tests.join(' ')}`);

// A changed test always runs, also if an ordinary run leaves it out. The contract's own tests need its broken stores.
const isLeftOut = (test: string): boolean => leftOut.includes(test) || test === ELSEWHERE.testing;
const env = tests.some(isLeftOut) ? { ...process.env, ALL_FILES: '1' } : process.env;

const run = (path: string, args: readonly string[]): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const child = spawn(path, args, { cwd: root, stdio: 'inherit', env });
    child.once('error', reject).once('close', resolve);
  });

// Continues from the compiler's build info of `.ci/check.js`.
const types = typeCheck('.', 'all');
const vitest = join(root, 'node_modules/.bin/vitest');
const codes = await Promise.all([
  run(types.path, types.args),
  tests.length === 0 ? 0 : run(vitest, ['run', '--passWithNoTests', ...tests]),
]);
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
