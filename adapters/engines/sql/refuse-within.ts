/** Returns a method that always rejects, for a verb that does not run in a caller's transaction. */
export const refuseWithin = (verb: string) => (): Promise<never> =>
  Promise.reject(new TypeError(`${verb} does not run within a transaction: call it on the store itself`));
