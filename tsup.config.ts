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
  treeshake: true,
  // node:sqlite exists under no other name.
  removeNodeProtocol: false,
  sourcemap: true,
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

export default defineConfig([forNode, forBrowsers]);
