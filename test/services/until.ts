import { setTimeout as wait } from 'node:timers/promises';

/** Time limit of a wait, in ms. It is generous, because a busy machine may stall. */
const WAIT_TIMEOUT = 120_000;
const BETWEEN = 20;

/** Polls until a condition holds. Its pauses are real, even if a test has fake timers. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = Date.now() + WAIT_TIMEOUT;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`${what}: not within ${WAIT_TIMEOUT} ms`);
    await wait(BETWEEN);
  }
}
