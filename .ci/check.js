// All checks beside the tests, as many at a time as there are processors. Those that take longest begin first.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const root = join(import.meta.dirname, '..');
const cache = join(root, 'node_modules/.cache/check');
mkdirSync(cache, { recursive: true });

/** The compiler looks again only at what changed, and at what depends on it. */
const types = (project, name) =>
  `tsc -p ${project} --incremental --tsBuildInfoFile ${join(cache, `${name}.tsbuildinfo`)}`;

const CHECKS = [
  types('.', 'all'),
  types('tsconfig.build.json', 'build'),
  'biome ci --error-on-warnings',
  'typedoc --emit none',
  types('test/ui', 'test-ui'),
  'knip',
  types('adapters/ui', 'ui'),
  types('examples/spa', 'spa'),
];

/** Runs a command of a package that is installed here, and tells what it said where it fails. */
async function passes(command) {
  const [name, ...args] = command.split(' ');
  const begun = performance.now();
  const child = spawn(join(root, 'node_modules/.bin', name), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const passed = (await code) === 0;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${passed ? 'passed' : 'FAILED'} in ${seconds} s: ${command.replace(/ --incremental.*/, '')}`);
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
await Promise.all(Array.from({ length: availableParallelism() }, lane));
process.exitCode = allPassed ? 0 : 1;
