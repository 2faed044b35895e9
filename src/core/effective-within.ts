import { MAX_STALENESS } from '../freshness/options.ts';
import type { Core } from './context.ts';

/**
 * Returns the value of `effectiveWithin` in a `RevokeResult`, in ms: the bound in the realm's record. Must run **after** the commit. A
 * process that states a higher bound later remembers only reads that it sends later still, and these show the revocation. If the store
 * does not answer, returns the longest allowed time: the revocation holds all the same.
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
