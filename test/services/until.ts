import { setTimeout as wait } from 'node:timers/promises';

/** Much longer than anything takes on a machine that stands still in between, in ms. */
const WAIT_TIMEOUT = 120_000;
const BETWEEN = 20;

/** Asks until something is so. Its waits pass also where a test has timers of its own. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = Date.now() + WAIT_TIMEOUT;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`${what}: not within ${WAIT_TIMEOUT} ms`);
    await wait(BETWEEN);
  }
}
