import { setTimeout as wait } from 'node:timers/promises';

/** Much longer than anything takes on a machine that stands still in between, in ms. */
const LONGEST = 120_000;
const BETWEEN = 20;

/** Asks until something is so. Its waits pass also where a test has timers of its own. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = Date.now() + LONGEST;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`${what}: not within ${LONGEST} ms`);
    await wait(BETWEEN);
  }
}
