import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The place of a mutant calls this in the run without mutants. It notes which file of tests comes there. A process that a test
 * starts inherits the environment, and notes it too.
 */
export function reach(place: number): void {
  const { MUTATE_NOTES: notes, MUTATE_TEST: test } = process.env;
  if (notes === undefined || test === undefined || reached.has(`${test} ${place}`)) return;
  reached.add(`${test} ${place}`);
  appendFileSync(join(notes, encodeURIComponent(test)), `${place}\n`);
}

const reached = new Set<string>();
