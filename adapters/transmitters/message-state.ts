import { claimed } from '../../src/adapter.ts';

/** What the workers of a queue note about a message. */
export interface MessageState {
  /** Number of attempts that have begun. */
  readonly attempts: number;
  /** Random text of the worker whose attempt is under way; `null` for none. */
  readonly lease: string | null;
  /** The pause before the next attempt, in ms. */
  readonly pause: number;
  /** Why the last attempt failed; `null` before the first failure. */
  readonly error: string | null;
  /** When a worker wrote this, Unix ms by its clock; left out if an operator did. */
  readonly at?: number | undefined;
}

const NEW: MessageState = { attempts: 0, lease: null, pause: 0, error: null };

/** The text of an error may come from a receiver. It is cut so that a state fits into any store, with every character escaped. */
export const formatState = ({ attempts, lease, pause, error, at }: MessageState): string =>
  JSON.stringify([attempts, lease, pause, claimed(error), ...(at === undefined ? [] : [at])]);

/** Parses a state. A text that is none counts as a new message: it is better delivered twice than never. */
export function parseState(text: string): MessageState {
  if (text === '') return NEW;
  try {
    const [attempts, lease, pause, error, at] = JSON.parse(text) as unknown[];
    if (!Number.isSafeInteger(attempts) || !Number.isSafeInteger(pause)) return NEW;
    return {
      attempts: attempts as number,
      pause: pause as number,
      lease: typeof lease === 'string' ? lease : null,
      error: typeof error === 'string' ? error : null,
      at: typeof at === 'number' ? at : undefined,
    };
  } catch {
    return NEW;
  }
}
