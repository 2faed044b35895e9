const GIVEN_UP = new WeakSet<readonly unknown[]>();

/** Notes that the caller of a look-up was told that it timed out, so the look-up need not be sent. */
export const giveUp = (items: readonly unknown[]): void => void GIVEN_UP.add(items);

export const isGivenUp = (items: readonly unknown[]): boolean => GIVEN_UP.has(items);
