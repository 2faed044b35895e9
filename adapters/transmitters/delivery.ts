import { type AccessEvent, type Awaitable, isPlainObject, type OutboxMessage } from '../../src/adapter.ts';

/** An event that ended access, as a delivery tells it. */
export interface AccessMessage extends AccessEvent {
  /** 128 random bits. A message that is delivered again has the same id. */
  readonly id: string;
  /** When the event took place, Unix ms. */
  readonly at: number;
}

/** Tells one receiver of events. The functions of this entry make one for each protocol; an app may write its own. */
export interface Delivery {
  /**
   * Delivers a message. It resolves when the receiver has accepted it. If it rejects, the message is delivered again later; if
   * it rejects with {@link Undeliverable}, never.
   * @param message the event.
   * @param signal aborted when the time limit of the attempt has passed.
   */
  deliver(message: AccessMessage, signal: AbortSignal): Promise<unknown>;
  /** Tells whether the messages must wait in the outbox for now. Asked before each attempt. Default: they need not. */
  isPaused?(): Awaitable<boolean>;
}

/** A receiver refused a message for good. The transmitter then sets it aside and goes on with the next message. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}

/** A receiver did not accept a message, and may have said when to try again. */
export class NotDelivered extends Error {
  override readonly name = 'NotDelivered';
  /** The shortest pause before the next attempt, in ms. At most a day of it counts. */
  readonly pause: number;

  /**
   * Makes an error for a delivery to throw.
   * @param message why the attempt failed.
   * @param pause the shortest pause before the next attempt, in ms. Default 0.
   * @param options the `cause`.
   */
  constructor(message: string, pause = 0, options?: ErrorOptions) {
    super(message, options);
    this.pause = pause;
  }
}

/** @throws `Undeliverable` for a text that is no event. */
export function parseMessage({ id, at, body }: OutboxMessage): AccessMessage {
  let event: unknown = null;
  try {
    event = JSON.parse(body);
  } catch {}
  if (!isPlainObject(event)) throw new Undeliverable('the text of the message is no JSON object');
  return { ...(event as unknown as AccessEvent), id, at };
}
