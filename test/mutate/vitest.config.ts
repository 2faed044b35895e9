import { defineConfig } from 'vitest/config';
import { common, run } from '../../vitest.config.ts';

// Isolates each test file in a process of its own. Each one loads the sources anew, so it reports all places it
// reaches.
export default defineConfig({
  ...common,
  test: { ...common.test, ...run, root: '.', setupFiles: 'test/mutate/name-test.ts' },
});
