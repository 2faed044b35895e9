// In ms. A longer task would delay typing and scrolling.
const MAX_MS = 6;
const MAX_ITEMS = 20;

/** Runs `work` for each item, in short tasks, so that the page stays responsive. Rejects when the signal aborts. */
export async function inSlices<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item, index: number) => void,
): Promise<void> {
  let start = performance.now();
  let count = 0;
  for (const [index, item] of items.entries()) {
    if (count >= MAX_ITEMS || performance.now() - start > MAX_MS) {
      await nextTask();
      signal.throwIfAborted();
      start = performance.now();
      count = 0;
    }
    work(item, index);
    count++;
  }
}

const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
