import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * TypeScript 7 is the native compiler. It needs a quarter of the time. The tools that import the compiler have TypeScript 6:
 * tsup, TypeDoc and the tests. Both packages have a command `tsc`, so the path tells which of them runs.
 */
const TSC = fileURLToPath(import.meta.resolve('typescript7/package.json')).replace(/package\.json$/, 'bin/tsc');

const cache = join(import.meta.dirname, '../node_modules/.cache/check');
mkdirSync(cache, { recursive: true });

/**
 * A check of types. With a name, the compiler keeps what it found, and looks again only at files that changed and at what
 * depends on them.
 *
 * @param {string} project folder or file of a `tsconfig.json`
 * @param {string} [name] of the file in which the compiler keeps what it found
 */
export const typeCheck = (project, name) => ({
  title: `tsc -p ${project}`,
  path: TSC,
  args: [
    ...['-p', project, '--checkers', '2'],
    ...(name === undefined ? [] : ['--incremental', '--tsBuildInfoFile', join(cache, `${name}.tsbuildinfo`)]),
  ],
});
