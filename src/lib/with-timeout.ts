import type { Awaitable } from './awaitable.ts';

/**
 * Waits for an answer. Rejects with the error of `late` if it takes longer than `ms`. A later answer is ignored.
 * @param answer the value, or a promise of it.
 * @param ms the time limit.
 * @param late returns the error. Default: an `Error` that names the time limit.
 */
export async function withTimeout<T>(
  answer: Awaitable<T>,
  ms: number,
  late: () => Error = () => new Error(`no answer within ${ms} ms`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
