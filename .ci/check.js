// All checks beside the tests, as many at a time as there are processors. Those that take longest begin first. With `--quick`,
// and without CI, what reads all of the sources once more is left out: the comments for TypeDoc, and unused files and exports.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { typeCheck } from './type-check.js';

const root = join(import.meta.dirname, '..');

/** A command of a package that is installed here. */
const command = (title) => {
  const [name, ...args] = title.split(' ');
  return { title, path: join(root, 'node_modules/.bin', name), args };
};

const isQuick = process.argv.includes('--quick') && !process.env.CI;

const CHECKS = [
  typeCheck('.', 'all'),
  command('biome ci --error-on-warnings'),
  ...(isQuick ? [] : [command('typedoc --emit none'), command('knip')]),
  typeCheck('tsconfig.build.json', 'build'),
  typeCheck('test/ui', 'test-ui'),
  typeCheck('adapters/ui', 'ui'),
  typeCheck('examples/spa', 'spa'),
];

/** Runs a check, and prints its output if it fails. */
async function passes({ title, path, args }) {
  const begun = performance.now();
  const child = spawn(path, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const passed = (await code) === 0;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${passed ? 'passed' : 'FAILED'} in ${seconds} s: ${title}`);
  if (!passed) console.log(out + err);
  return passed;
}

const waiting = [...CHECKS];
let allPassed = true;
async function lane() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (!(await passes(next))) allPassed = false;
  }
}
if (isQuick) console.log('left to `npm run check`: typedoc and knip');
await Promise.all(Array.from({ length: availableParallelism() }, lane));
process.exitCode = allPassed ? 0 : 1;
