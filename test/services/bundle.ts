import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/**
 * Bundles a script and this package's sources into one JavaScript file, for the tests of one file. A process starts
 * several times as fast with the bundle as with the sources. Call it before any test.
 */
export async function bundle(script: string): Promise<string> {
  // The folder is within the package, so that Node finds the dependencies.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const outfile = join(folder, basename(script).replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [script],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // The package's own sources are compiled, by the paths of tsconfig.json. Dependencies stay imports.
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}
