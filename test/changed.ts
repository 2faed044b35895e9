// `npm run test:changed`: the types, and the tests of every room in which a file differs from the last commit. By its
// imports a change in the core would reach nearly every test.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { typeCheck } from '../.ci/type-check.js';
import { leftOut } from './ci-only.ts';

const root = join(import.meta.dirname, '..');

const git = (...args: string[]): string[] =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);

/** Rooms whose tests have another name. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  testing: 'test/contract/',
  http: 'test/frameworks/fetch-node',
  shared: 'test/bridges/express-session.test',
  sql: 'test/engines/postgres.test',
};

/** The operations do not use each other, so the test of one is enough. Some have no file of their own. */
function testOfOperation(name: string): string {
  const own = `test/src/operations/${name.replace('.ts', '.test.ts')}`;
  return existsSync(join(root, own)) ? own : 'test/src/operations/';
}

/** What Vitest has to find in the path of a test, for a file that changed. */
function testsOf(file: string): readonly string[] {
  if (file.startsWith('test/')) return file.endsWith('.test.ts') ? [file] : [];
  const [place, room = '', name = ''] = file.split('/');
  if (place === 'src' && room === 'operations') return [testOfOperation(name)];
  if (place === 'src') return [name === '' ? 'test/src/sessions' : (ELSEWHERE[room] ?? `test/src/${room}/`)];
  if (place !== 'adapters') return [];
  return [['cli', 'notifiers', 'ui'].includes(room) ? `test/${room}/` : (ELSEWHERE[name] ?? `test/${room}/${name}`)];
}

const changed = [...git('diff', '--name-only', 'HEAD'), ...git('ls-files', '--others', '--exclude-standard')];
const tests = [...new Set(changed.flatMap(testsOf))];
console.log(tests.length === 0 ? 'no tests are beside what changed' : `tests: ${tests.join(' ')}`);

// A test that changed runs, although an ordinary run leaves it out. The broken stores test the contract.
const isLeftOut = (test: string): boolean => leftOut.includes(test) || test === ELSEWHERE.testing;
const env = tests.some(isLeftOut) ? { ...process.env, ALL_FILES: '1' } : process.env;

const run = (path: string, args: readonly string[]): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const child = spawn(path, args, { cwd: root, stdio: 'inherit', env });
    child.once('error', reject).once('close', resolve);
  });

// It goes on where .ci/check.js ended.
const types = typeCheck('.', 'all');
const vitest = join(root, 'node_modules/.bin/vitest');
const codes = await Promise.all([
  run(types.path, types.args),
  tests.length === 0 ? 0 : run(vitest, ['run', '--passWithNoTests', ...tests]),
]);
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
