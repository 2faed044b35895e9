import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests import the package by its public names; `paths` in tsconfig.json leads them to the sources.
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: { include: ['src/**', 'adapters/**'] },
  },
});
