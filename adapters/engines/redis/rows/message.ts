import type { QueuedMessage, Tag } from '../../../../src/adapter.ts';
import type { Keys } from '../keys.ts';
import type { Call } from '../scripts/script.ts';

/** Formats a message for its hash: the state is in another one. */
export const formatMessage = (at: number, keepUntil: number, { body }: QueuedMessage): string =>
  JSON.stringify([at, keepUntil, body]);

export const parseMessage = (text: string): readonly [at: number, keepUntil: number, body: string] => JSON.parse(text);

/** Adds a queue to a call, as `take_queue` takes it. */
export const enterQueue = (call: Call, keys: Keys, realm: Tag, queue: string): Call => {
  const { order, messages, states } = keys.queue(realm, queue);
  return call.arg(queue).key(order, messages, states);
};
