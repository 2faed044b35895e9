// For machines that are busy with other things, and stand still for seconds. Neither limit costs anything where all is well.

/** How long one thing is waited for, in ms. */
export const WAIT_TIMEOUT = 60_000;
/** How long a test, or what is done around it, may take, in ms. */
export const TEST_TIMEOUT = 5 * WAIT_TIMEOUT;
