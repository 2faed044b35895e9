import { defineConfig } from 'tsup';
import manifest from './package.json' with { type: 'json' };
import tsconfig from './tsconfig.json' with { type: 'json' };

/** The one list of entries is `paths` in tsconfig.json: `session-revocation/express` is built as dist/express. */
const { paths } = tsconfig.compilerOptions;
const entry = Object.fromEntries(
  Object.entries(paths).map(([name, [source]]) => [name.split('/')[1] ?? 'index', source as string]),
);

const published = Object.keys(manifest.exports).map((subpath) => subpath.replace('.', manifest.name));
for (const name of Object.keys(paths)) {
  if (!published.includes(name)) throw new Error(`package.json does not export ${name}`);
}

export default defineConfig({
  entry,
  format: ['esm', 'cjs'],
  target: 'node20.19',
  tsconfig: 'tsconfig.build.json',
  // tsup sets `baseUrl`, which TypeScript 6 deprecates.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  // Entries of one format share their chunks, so that a class is the same class in each of them.
  splitting: true,
  // Has Rollup write the CJS files. Otherwise sucrase does, and rewrites every `?.`, `??` and class field.
  treeshake: true,
  // node:sqlite exists under no other name.
  removeNodeProtocol: false,
  sourcemap: true,
  clean: true,
});
