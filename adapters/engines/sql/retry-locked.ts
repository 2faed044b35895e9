/**
 * Waits between attempts for sessions that others have locked, in ms. Each is about as long as one store method takes.
 */
const WAITS: readonly number[] = [2, 5, 15, 40, 100, 200];

/**
 * Records uses. `note` returns those whose sessions another transaction has locked; they are tried again for a third of
 * a second in all. A session that stays locked (by a transaction of the app) misses this update. This is harmless: the
 * next use is recorded anyway.
 */
export async function retryLocked<Use>(
  uses: readonly Use[],
  note: (uses: readonly Use[]) => Promise<readonly Use[]>,
): Promise<void> {
  let left = await note(uses);
  for (const wait of WAITS) {
    if (left.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, wait));
    left = await note(left);
  }
}
