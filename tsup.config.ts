import { copyFile } from 'node:fs/promises';
import { defineConfig, type Options } from 'tsup';
import manifest from './package.json' with { type: 'json' };
import tsconfig from './tsconfig.json' with { type: 'json' };

/** The one list of entries is `paths` in tsconfig.json: `session-revocation/express` is built as dist/express. */
const { paths } = tsconfig.compilerOptions;
const { ui, ...entry } = Object.fromEntries(
  Object.entries(paths).map(([name, [source]]) => [name.split('/')[1] ?? 'index', source as string]),
);

const published = Object.keys(manifest.exports).map((subpath) => subpath.replace('.', manifest.name));
for (const name of Object.keys(paths)) {
  if (!published.includes(name)) throw new Error(`package.json does not export ${name}`);
}

/** Made anew for each: tsup writes into it. */
const common = (): Options => ({
  format: ['esm', 'cjs'],
  // tsup sets `baseUrl`, which TypeScript 6 deprecates.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
});

const forNode: Options = {
  ...common(),
  entry,
  target: 'node20.19',
  tsconfig: 'tsconfig.build.json',
  // Entries of one format share their chunks, so that a class is the same class in each of them.
  splitting: true,
  // Has Rollup write the CJS files. Otherwise sucrase does, and rewrites every `?.`, `??` and class field.
  // A chunk is imported for a name alone: bundlers warn of imports without one, since package.json says that they do nothing.
  treeshake: { moduleSideEffects: 'no-external' },
  // node:sqlite exists under no other name.
  removeNodeProtocol: false,
};

/** dist/ui.js is served to browsers as it is: one file, that asks for no other. */
const forBrowsers: Options = {
  ...common(),
  entry: { ui: ui as string },
  platform: 'browser',
  target: 'es2022',
  tsconfig: 'adapters/ui/tsconfig.json',
  splitting: false,
  minify: true,
};

/** dist/cli.js: what it needs of others is inside, so that its users install nothing more. */
const forTerminals: Options = {
  entry: { cli: 'adapters/cli/index.ts' },
  format: 'esm',
  target: 'node20.19',
  tsconfig: 'tsconfig.build.json',
  noExternal: ['commander'],
  // It is written in CommonJS, and asks for parts of Node.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  splitting: false,
  treeshake: true,
  removeNodeProtocol: false,
  onSuccess: () => copyFile('node_modules/commander/LICENSE', 'dist/cli.LICENSE.txt'),
};

export default defineConfig([forNode, forBrowsers, forTerminals]);
