/** Waits between the tries, in ms, each about as long as one store method takes. */
const WAITS: readonly number[] = [2, 5, 15, 40, 100, 200];

/**
 * Retries the uses that `note` returns, because another transaction has locked their sessions. A session that stays
 * locked misses this use, which is harmless: the next use is recorded anyway.
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
