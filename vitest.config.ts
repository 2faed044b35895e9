import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The browser's tests are in one file, which takes longer than any other: they go first. */
class BrowserFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isBrowser = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/test/browser/');
    const sorted = await super.sort(files);
    return [...sorted.filter(isBrowser), ...sorted.filter((file) => !isBrowser(file))];
  }
}

/** What holds for every file of tests. */
export const common = {
  // Tests import the package by its public names; `paths` in tsconfig.json leads them to the sources.
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Against what hangs: a busy machine may take twenty times as long for something as an idle one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
} satisfies ViteUserConfig;

/** What holds for a whole run. */
export const run = {
  // Much of the time is spent waiting, for a browser, a server or a disk.
  maxWorkers: availableParallelism(),
  sequence: { sequencer: BrowserFirst },
  // Finds databases for the tests that want one; the others do not wait for it.
  globalSetup: 'test/services/global-setup.ts',
  coverage: { include: ['src/**', 'adapters/**'] },
} satisfies ViteUserConfig['test'];

/** What is changed for a whole process: its clock, or something else that is global. Some warnings come once in a process. */
const CHANGES_PROCESS =
  /\bvi\.(useFakeTimers|mock|doMock|stubGlobal|stubEnv|resetModules)\b|spyOn\((globalThis|process|Map\.prototype)\b|process\.on\('(warning|uncaughtException)'/;

/** Some servers for Fetch replace `Request` and `Response` of the process. Races are tried in a process without other work. */
const NEEDS_PROCESS = /\/fetch-|polling|race/;

/** Files that share a process, which loads the sources and the frameworks once for all of them. */
const shared = ['acceptance', 'bridges', 'contract', 'engines', 'frameworks', 'src']
  .flatMap((room) =>
    readdirSync(`test/${room}`, { recursive: true, encoding: 'utf8' }).map((file) => `test/${room}/${file}`),
  )
  .filter((file) => file.endsWith('.test.ts') && !NEEDS_PROCESS.test(file))
  .filter((file) => !CHANGES_PROCESS.test(readFileSync(file, 'utf8')));

export default defineConfig({
  test: {
    ...run,
    projects: [
      { ...common, test: { ...common.test, name: 'shared', include: shared, isolate: false } },
      { ...common, test: { ...common.test, name: 'alone', exclude: [...shared, 'node_modules/**'] } },
    ],
  },
});
