import { MAX_STALENESS } from '../freshness/options.ts';
import type { Core } from './context.ts';

/**
 * In ms, see `effectiveWithin` of `RevokeResult`. Must run **after** the commit: a process that states a greater age later
 * remembers only records that it reads later still. If the store does not answer, returns the longest allowed time: the
 * revocation holds all the same.
 */
export async function effectiveWithin({ store, realmTag, isWithin }: Core): Promise<number> {
  // The transaction has not been committed. `InTransaction` reads the value later.
  if (isWithin) return 0;
  try {
    const [realm] = await store.readEpochs([realmTag]);
    return realm?.record.notes?.maxStaleness ?? 0;
  } catch {
    return MAX_STALENESS;
  }
}
