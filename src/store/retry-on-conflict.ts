import { SessionError } from '../lib/errors.ts';

const MAX_WAIT = 64;

const AT_ONCE = 3;

export interface RetryLimits {
  /** In ms. */
  readonly timeout: number;
  /** The operation runs in a transaction of the caller. */
  readonly isWithin?: true;
}

/**
 * In a caller's transaction it never waits: the rows are locked, or come from an older snapshot that waiting does not refresh.
 * @throws `SESSION_STORE_UNAVAILABLE` after `timeout` ms of conflicts; `SESSION_STORE_UNSAFE` after three in a transaction.
 */
export async function retryOnConflict<T>(
  { timeout, isWithin }: RetryLimits,
  attempt: () => Promise<T | 'conflict'>,
): Promise<T> {
  const until = performance.now() + timeout;
  for (let tries = 1, wait = 1; ; tries++) {
    const outcome = await attempt();
    if (outcome !== 'conflict') return outcome;
    if (performance.now() >= until) {
      throw new SessionError(
        'SESSION_STORE_UNAVAILABLE',
        `other writes to the same user, account or realm came first for ${timeout} ms (option timeout): do it again`,
      );
    }
    if (tries < AT_ONCE) continue;
    if (isWithin) {
      throw new SessionError(
        'SESSION_STORE_UNSAFE',
        'the transaction sees an older snapshot than others have written to: roll it back, and repeat it',
      );
    }
    wait = Math.min(wait * 2, MAX_WAIT);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * wait));
  }
}
