import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/**
 * A script and what it imports of ours, as JavaScript, for the tests of one file: a process that runs it is there several
 * times as soon as one that has to compile it. To be called before any test.
 */
export async function bundle(script: string): Promise<string> {
  // Within the package, so that its dependencies are found from there.
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
    // What is ours is compiled, by the paths of tsconfig.json; its dependencies are imported as they are.
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}
