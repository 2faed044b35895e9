// Bundles a consumer's module with esbuild, Rollup and Vite, as apps do, and runs each bundle. A bundler's warning is
// an error.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build as buildWithEsbuild } from 'esbuild';
import { rollup } from 'rollup';
import { build as buildWithVite, createLogger } from 'vite';

type Exports = Readonly<Record<string, { readonly import: { readonly default: string } }>>;

/** Bundles a module of the project in `folder`. Returns the bundler's warnings. */
type Bundle = (folder: string, entry: string, outfile: string) => Promise<readonly string[]>;

/** Packages with native code, which no bundler can include. */
const COMPILED = ['libsql', '@libsql/*', '@neon-rs/*'];

const BUNDLERS: Readonly<Record<string, Bundle>> = {
  async esbuild(folder, entry, outfile) {
    const { warnings } = await buildWithEsbuild({
      ...{ absWorkingDir: folder, entryPoints: [entry], outfile },
      ...{ bundle: true, platform: 'node', format: 'esm', external: COMPILED, logLevel: 'silent' },
    });
    return warnings.map(({ text }) => text);
  },

  /** Bundles only this package, because Rollup itself supports neither `exports` nor CommonJS. */
  async rollup(folder, entry, outfile) {
    const name = 'session-revocation';
    const place = join(folder, 'node_modules', name);
    const { exports } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as { exports: Exports };
    const warnings: string[] = [];
    const bundle = await rollup({
      input: join(folder, entry),
      external: (id) => !id.startsWith(name) && !/^[./]/.test(id),
      plugins: [
        {
          name: 'exports',
          resolveId(id) {
            const found = exports[id.replace(name, '.')];
            // The package's own manifest declares `sideEffects: false`.
            return found === undefined ? null : { id: join(place, found.import.default), moduleSideEffects: false };
          },
        },
      ],
      onLog: (level, { message }) => {
        if (level === 'warn') warnings.push(message);
      },
    });
    await bundle.write({ file: outfile, format: 'es' });
    await bundle.close();
    return warnings;
  },

  async vite(folder, entry, outfile) {
    const warnings: string[] = [];
    const customLogger = { ...createLogger('silent'), warn: (text: string) => void warnings.push(text) };
    customLogger.warnOnce = customLogger.warn;
    await buildWithVite({
      ...{ root: folder, configFile: false, envDir: false, logLevel: 'warn', customLogger },
      ssr: { noExternal: true, external: ['libsql'] },
      build: {
        ...{ ssr: entry, outDir: dirname(outfile), emptyOutDir: false },
        rolldownOptions: { output: { entryFileNames: basename(outfile) } },
      },
    });
    return warnings;
  },
};

/** @param entry A module of the project. It throws if its own checks fail. */
export async function bundleAndRun(folder: string, entry: string): Promise<void> {
  for (const [name, bundle] of Object.entries(BUNDLERS)) {
    const outfile = join(folder, 'bundled', `${name}.mjs`);
    assert.deepEqual(await bundle(folder, entry, outfile), [], `${name} warns`);
    // Removes docblock lines, which begin with an asterisk, because their examples import the package.
    const code = readFileSync(outfile, 'utf8').replaceAll(/^\s*\*.*$/gm, '');
    const taken = [...code.matchAll(/from ["']([^."'][^"']*)["']/g)].map(([, id = '']) => id);
    const left = taken.filter((id) => !id.startsWith('node:') && !builtinModules.includes(id));
    assert.ok(!left.some((id) => id.startsWith('session-revocation')), `${name} left out ${left.join(', ')}`);
    execFileSync(process.execPath, [outfile], { cwd: folder, stdio: 'inherit' });
  }
}
