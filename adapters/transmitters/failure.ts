/** An attempt that failed: the option `failed` of {@link transmit} and {@link sharedSignalsPoll}. */
export interface FailedDelivery {
  /** The name of the receiver. */
  readonly receiver: string;
  /** The id of the message; `null` if the queue could not be read. */
  readonly id: string | null;
  /** Number of attempts so far. */
  readonly attempts: number;
  /** What was thrown. */
  readonly error: unknown;
  /** True if the message was set aside, and is not delivered any more. */
  readonly isDead: boolean;
}

/** Makes the app's function harmless: its own errors must not end the delivery. */
export const quiet =
  (failed: ((failure: FailedDelivery) => unknown) | undefined) =>
  (failure: FailedDelivery): void => {
    try {
      const answer = failed?.(failure);
      if (answer instanceof Promise) answer.catch(() => {});
    } catch {}
  };
