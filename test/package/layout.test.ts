import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import tsconfig from '../../tsconfig.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const sources = ['src', 'adapters'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

/** What a file imports: a package, or the path of another file from the root. */
async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join(root, file), 'utf8');
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) =>
      fileName.startsWith('.') ? normalize(join(dirname(file), fileName)) : fileName,
    );
}

/** Packages that a place of the core may use; nothing else of it reaches outside. */
const CORE_PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/^src\/device(\/|\.ts)/, 'ua-parser-js'],
  [/^src\/jwt\//, 'jose'],
  [/^src\/jwt\/(algorithms|generate-key|keys)\.ts/, 'node:crypto'],
  [/^src\/jwt\/keys\.ts/, 'node:util'],
  [/^src\/token\.ts/, 'node:crypto'],
  [/^src\/testing\//, 'node:assert/strict'],
  [/^src\/testing\//, 'node:util'],
];

/** What adapters may use of each other. */
const SHARED: readonly (readonly [RegExp, RegExp])[] = [
  [/^adapters\/(frameworks|bridges|receivers)\//, /^adapters\/frameworks\/http\/index\.ts$/],
  [/^adapters\/bridges\//, /^adapters\/bridges\/host\//],
  // Its types: no wrapper loads jose where nothing is signed.
  [/^adapters\/frameworks\/http\/bearer\.ts$/, /^src\/jwt\/index\.ts$/],
  [/^adapters\/engines\/(sqlite|postgres|mysql)\//, /^adapters\/engines\/sql\//],
  // And what an engine's driver failed of, which it tells before there is a store.
  [/^adapters\/cli\//, /^adapters\/(cli\/|engines\/\w+\/(index|failure)\.ts$)/],
  // Not the entry, which loads jose.
  [/^adapters\/cli\/commands\/keys\.ts$/, /^src\/jwt\/generate-key\.ts$/],
];

/** Where the program of the command line begins. */
const BIN = 'adapters/cli/index.ts';

describe('the layout', () => {
  test('is there to be looked at', () => expect(sources.length).toBeGreaterThan(30));

  test.each(sources.filter((file) => file.startsWith('src/')))('%s imports the core and nothing else', async (file) => {
    for (const imported of await importsOf(file)) {
      const allowed = CORE_PACKAGES.some(([place, name]) => place.test(file) && imported === name);
      expect(allowed || imported.startsWith('src/'), `${file} imports ${imported}`).toBe(true);
    }
  });

  test.each(sources.filter((file) => file.startsWith('adapters/')))('%s knows only the core’s entry', async (file) => {
    const [, group, name] = file.replace(/\.ts$/, '').split('/');
    for (const imported of await importsOf(file)) {
      if (!/^(src|adapters)\//.test(imported)) continue;
      const own = imported.startsWith(`adapters/${group}/${name}/`) || imported === `adapters/${group}/${name}.ts`;
      const shared = SHARED.some(([place, pattern]) => place.test(file) && pattern.test(imported));
      expect(own || shared || imported === 'src/index.ts', `${file} imports ${imported}`).toBe(true);
    }
  });

  test('a wrapper takes only types of src/jwt, so that jose is loaded where something is signed and nowhere else', async () => {
    const text = await readFile(join(root, 'adapters/frameworks/http/bearer.ts'), 'utf8');
    const imports = text.split('\n').filter((line) => line.includes('src/jwt/'));
    expect(imports).toEqual([expect.stringMatching(/^import type /)]);
  });

  test('every file is reached from a public entry', async () => {
    const reached = new Set<string>();
    const visit = async (file: string): Promise<void> => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const imported of await importsOf(file)) if (sources.includes(imported)) await visit(imported);
    };
    for (const [entry] of Object.values(tsconfig.compilerOptions.paths)) await visit(normalize(entry!));
    await visit(BIN);
    expect(sources.filter((file) => !reached.has(file))).toEqual([]);
  });
});

describe('the public entries', () => {
  const entries = Object.entries(tsconfig.compilerOptions.paths).map(([name, [source]]) => ({
    subpath: name.replace(manifest.name, '.'),
    output: `./dist/${name.split('/')[1] ?? 'index'}`,
    source: source!,
  }));

  test.each(entries)('$subpath is a file', ({ source }) => expect(existsSync(join(root, source))).toBe(true));

  test('are exactly what package.json exports, types first', () => {
    const expected = Object.fromEntries(
      entries.map(({ subpath, output }) => [
        subpath,
        {
          import: { types: `${output}.d.ts`, default: `${output}.js` },
          require: { types: `${output}.d.cts`, default: `${output}.cjs` },
        },
      ]),
    );
    expect(manifest.exports).toEqual({ ...expected, './package.json': './package.json' });
    for (const conditions of Object.values(manifest.exports)) {
      if (typeof conditions === 'string') continue;
      for (const condition of Object.values(conditions)) expect(Object.keys(condition)).toEqual(['types', 'default']);
    }
  });

  test('depend on jose and ua-parser-js ^1 alone', () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual(['jose', 'ua-parser-js']);
    expect(manifest.dependencies['ua-parser-js']).toMatch(/^\^1\./);
  });
});
