// A task that takes longer holds back typing and scrolling. What is added still has to be laid out.
const LONGEST_MS = 6;
const MOST_ITEMS = 20;

/** Works through items in small tasks; rejects when the signal aborts. */
export async function inSlices<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item, index: number) => void,
): Promise<void> {
  let start = performance.now();
  let count = 0;
  for (const [index, item] of items.entries()) {
    if (count >= MOST_ITEMS || performance.now() - start > LONGEST_MS) {
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
