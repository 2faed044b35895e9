import { SessionError } from '../lib/errors.ts';
import type { Turns } from '../lib/turns.ts';

const MAX_WAIT = 64;

const AT_ONCE = 3;

export interface RetryLimits {
  /** In ms. */
  readonly timeout: number;
  /** The operation runs in a transaction of the caller. */
  readonly isWithin?: true;
}

/**
 * Repeats an attempt like {@link retryOnConflict}. After a conflict, the operations of one key take turns in this process, and so do
 * operations that begin meanwhile. If they ran at once, all but one of them would have a conflict again.
 *
 * If the `timeout` of an operation passes while it waits for its turn, it is not attempted. So the operations behind it do not wait for
 * an outage again and again.
 */
export async function retryInTurn<T>(
  { timeout, turns }: Pick<RetryLimits, 'timeout'> & { readonly turns: Turns },
  key: string,
  attempt: () => Promise<T | 'conflict'>,
): Promise<T> {
  const until = performance.now() + timeout;
  if (!turns.isBusy(key)) {
    const outcome = await attempt();
    if (outcome !== 'conflict') return outcome;
  }
  return turns.take(key, async () => {
    if (performance.now() >= until) throw beaten(timeout);
    return retryUntil(until, { timeout }, attempt);
  });
}

/**
 * Repeats an attempt until its outcome is not `'conflict'`. From the third conflict on, it waits before the next attempt. In a caller's
 * transaction it throws instead: the rows are locked, or come from an older snapshot that waiting does not refresh.
 * @throws `SESSION_STORE_UNAVAILABLE` after `timeout` ms of conflicts; `SESSION_STORE_UNSAFE` after three in a transaction.
 */
export const retryOnConflict = <T>(limits: RetryLimits, attempt: () => Promise<T | 'conflict'>): Promise<T> =>
  retryUntil(performance.now() + limits.timeout, limits, attempt);

async function retryUntil<T>(
  until: number,
  { timeout, isWithin }: RetryLimits,
  attempt: () => Promise<T | 'conflict'>,
): Promise<T> {
  for (let tries = 1, wait = 1; ; tries++) {
    const outcome = await attempt();
    if (outcome !== 'conflict') return outcome;
    if (performance.now() >= until) throw beaten(timeout);
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

const beaten = (timeout: number): SessionError =>
  new SessionError(
    'SESSION_STORE_UNAVAILABLE',
    `other writes to the same user, account or realm came first for ${timeout} ms (option timeout): do it again`,
  );
