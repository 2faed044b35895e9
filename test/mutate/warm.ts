/**
 * A process that keeps Vitest loaded between the mutants. `run.ts` starts it in the copy of the tree, and kills it if a
 * mutant loops forever. It receives an `Order` and answers with an `Outcome`.
 */
import { isAbsolute } from 'node:path';
import { BaseSequencer, createVitest, type TestSpecification } from 'vitest/node';

/** The test files to run, in this order. */
export interface Order {
  readonly tests: readonly string[];
  /** Files that changed since the last run. */
  readonly changed: readonly string[];
}

/** The result of a run. */
export interface Outcome {
  readonly passed: boolean;
  /** Paths of the test files that failed. */
  readonly failed: readonly string[];
  /** Duration of each test file, in ms. */
  readonly times: Readonly<Record<string, number>>;
}

let wanted: readonly string[] = [];

class AsWanted extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => wanted.indexOf(moduleId);
    return [...files].sort((one, other) => place(one) - place(other));
  }
}

const [config = ''] = process.argv.slice(2);
const vitest = await createVitest('test', {
  config,
  watch: false,
  // One worker: starting workers takes most of the time of a run. The time limit stops tests that wait forever.
  ...(config === 'vitest.config.ts' ? { maxWorkers: 1, bail: 1, testTimeout: 20_000 } : {}),
  reporters: [{}],
  sequence: { sequencer: AsWanted },
});

async function run({ tests, changed }: Order): Promise<Outcome> {
  for (const file of changed) vitest.invalidateFile(file);
  const specifications = (await vitest.globTestSpecifications([...tests])).filter(
    // Vitest's filter also matches paths that only begin with the name.
    ({ moduleId }) => !tests.every(isAbsolute) || tests.includes(moduleId),
  );
  wanted = tests;
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  const times = testModules.map((module) => {
    const { duration, collectDuration, prepareDuration } = module.diagnostic();
    return [module.moduleId, duration + collectDuration + prepareDuration] as const;
  });
  const failed = testModules.filter((module) => !module.ok()).map(({ moduleId }) => moduleId);
  const passed = specifications.length > 0 && failed.length === 0 && unhandledErrors.length === 0;
  return { passed, failed, times: Object.fromEntries(times) };
}

process.on('message', async (order: Order) => process.send?.(await run(order)));
process.on('disconnect', () => process.exit());
process.send?.('ready');
