// Time limits for busy machines, which may stall for seconds. They cost no time when tests pass.

/** Time limit for a single event, in ms. */
export const WAIT_TIMEOUT = 60_000;
/** Time limit for a test or a hook, in ms. */
export const TEST_TIMEOUT = 5 * WAIT_TIMEOUT;
