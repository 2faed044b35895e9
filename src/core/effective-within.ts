import { MAX_STALENESS } from '../freshness/options.ts';
import type { Core } from './context.ts';

/**
 * Returns the time in ms after which no process accepts what was just revoked: the greatest age of knowledge by which a process of the
 * realm accepts. Reads it from the store, **after** the revocation was committed: a process that states its age later remembers only
 * what it reads later still.
 *
 * If the store does not answer, the revocation holds all the same, and the longest time that is allowed is returned.
 */
export async function effectiveWithin({ store, realmTag, isWithin }: Core): Promise<number> {
  // Nothing is committed yet: `InTransaction` reads it later.
  if (isWithin) return 0;
  try {
    const [realm] = await store.readEpochs([realmTag]);
    return realm?.record.notes?.maxStaleness ?? 0;
  } catch {
    return MAX_STALENESS;
  }
}
