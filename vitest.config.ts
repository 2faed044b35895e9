import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The browser's tests are in one file, which takes longer than any other: they go first. */
class BrowserFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isBrowser = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/test/browser/');
    const sorted = await super.sort(files);
    return [...sorted.filter(isBrowser), ...sorted.filter((file) => !isBrowser(file))];
  }
}

export default defineConfig({
  // Tests import the package by its public names; `paths` in tsconfig.json leads them to the sources.
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Much of the time is spent waiting, for a browser, a server or a disk.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: BrowserFirst },
    // Finds databases for the tests that want one; the others do not wait for it.
    globalSetup: 'test/services/global-setup.ts',
    // Against what hangs: a busy machine may take twenty times as long for something as an idle one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    coverage: { include: ['src/**', 'adapters/**'] },
  },
});
