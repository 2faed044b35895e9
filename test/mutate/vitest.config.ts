import { defineConfig } from 'vitest/config';
import { common, run } from '../../vitest.config.ts';

// Each file of tests in a process of its own: a source is loaded, and comes to the places of its mutants, once for each.
export default defineConfig({
  ...common,
  test: { ...common.test, ...run, root: '.', setupFiles: 'test/mutate/name-test.ts' },
});
