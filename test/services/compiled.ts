import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import tsconfig from '../../tsconfig.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');

/**
 * Copies the package with its examples and its compiled sources, for the tests of one file. An example starts several
 * times as fast in the copy, because its process does not compile the sources. Call it before any test.
 *
 * @returns the folder of the copy.
 */
export async function compiledPackage(): Promise<string> {
  // The folder is within the package, so that Node finds the dependencies.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  // A test may run a program as another user.
  chmodSync(folder, 0o755);
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true });
  const entries = Object.entries(tsconfig.compilerOptions.paths).map(
    ([name, [source = '']]) => [name.split('/')[1] ?? 'index', source] as const,
  );
  await build({
    absWorkingDir: root,
    entryPoints: { ...Object.fromEntries(entries), cli: 'adapters/cli/index.ts' },
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // The package itself is compiled. Dependencies stay imports.
    packages: 'external',
    logLevel: 'error',
  });
  return folder;
}
