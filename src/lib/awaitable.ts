export const isPromise = <T>(answer: Awaitable<T>): answer is Promise<T> =>
  typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';

/** A value, or a promise of it. Embedded stores answer synchronously and cost no promise. */
export type Awaitable<T> = T | Promise<T>;
