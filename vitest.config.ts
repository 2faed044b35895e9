import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { leftOut } from './test/ci-only.ts';

/** The files that take longest, the longest first, so that no processor waits for one of them at the end. */
const LONGEST = [
  'staleness/staleness',
  'browser/demo',
  'engines/postgres',
  'engines/mysql-clients',
  'cli/servers',
  'model/explorer',
  'faults/redis-partition',
  'concurrency/concurrency',
  'bridges/express-session-polling',
  'bridges/koa-session-polling',
  'src/freshness/simulation',
  'bridges/fastify-session-polling',
  'src/jwt/interleavings',
  'engines/redis',
  'ui/looks',
  'faults/network',
  'engines/redis-cluster',
  'concurrency/broken-stores',
  'contract/contract',
  'engines/mysql',
  'bridges/race',
  'docs/examples',
  'docs/demo',
  'src/jwt/mutations',
  'engines/revoked-sessions',
  'frameworks/fastify',
  'frameworks/fetch-node',
  'frameworks/express',
  'frameworks/koa',
  'frameworks/older-majors',
  'engines/redis-resend',
  'engines/redis-changes',
  'engines/malformed-rows',
  'ui/list',
  'ui/failures',
  'model/sessions-model',
  'engines/postgres-store',
  'engines/mysql-within',
  'contract/broken-stores',
  'src/freshness/interleavings',
].map((name) => join(import.meta.dirname, `test/${name}.test.ts`));

/** Files of a process of their own go first, then those that share one: these are many, and most of them short. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const at = LONGEST.indexOf(moduleId);
      return (project.config.isolate ? 0 : 1000) + (at < 0 ? LONGEST.length : at);
    };
    return [...(await super.sort(files))].sort((one, other) => rank(one) - rank(other));
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
  // What runs with CI only waits more often.
  maxWorkers: availableParallelism() + (process.env.CI ? 1 : 0),
  sequence: { sequencer: LongestFirst },
  // Finds databases for the tests that want one; the others do not wait for it.
  globalSetup: 'test/services/global-setup.ts',
  coverage: { include: ['src/**', 'adapters/**'] },
} satisfies ViteUserConfig['test'];

/** Loads modules in another way, counts timers, or hears warnings that come once in a process. */
const CHANGES_PROCESS = /\bvi\.(mock|doMock|resetModules)\b|spyOn\(globalThis, 'setTimeout'|process\.on\('warning'/;

/** Servers for Fetch replace `Request` and `Response` of the process. The programs of the pages do what they like. */
const NEEDS_PROCESS = /\/fetch-|polling|simulation|docs\/(programs|change-password)/;

/** A file that is named on the command line runs, also if an ordinary run leaves it out. */
const left = leftOut.filter((file) => !process.argv.some((word) => word.endsWith('.test.ts') && file.endsWith(word)));

/** All others share a process, which loads the sources and the frameworks once for all of them. */
const shared = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((file) => `test/${file}`)
  .filter((file) => file.endsWith('.test.ts') && !left.includes(file) && !NEEDS_PROCESS.test(file))
  .filter((file) => !CHANGES_PROCESS.test(readFileSync(file, 'utf8')));

export default defineConfig({
  test: {
    ...run,
    projects: [
      {
        ...common,
        test: {
          ...common.test,
          name: 'shared',
          include: shared,
          isolate: false,
          setupFiles: 'test/services/restore-globals.ts',
        },
      },
      { ...common, test: { ...common.test, name: 'alone', exclude: [...shared, ...left, 'node_modules/**'] } },
    ],
  },
});
