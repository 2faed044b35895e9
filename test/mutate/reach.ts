import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Records that the current test file reaches a mutant's place. `withProbes` inserts the calls for the run without
 * mutants. A process that a test starts inherits the environment, so its calls count for the same test file.
 */
export function reach(place: number): void {
  const { MUTATE_NOTES: notes, MUTATE_TEST: test } = process.env;
  if (notes === undefined || test === undefined || reached.has(`${test} ${place}`)) return;
  reached.add(`${test} ${place}`);
  appendFileSync(join(notes, encodeURIComponent(test)), `${place}\n`);
}

const reached = new Set<string>();
