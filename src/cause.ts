import { parseOptionalText } from './input.ts';

/** Who does something, why, and from where: for events, lists and the audit log. At most 256 characters each. */
export interface By {
  /** The actor's id, or what acts (`'cron'`). */
  readonly by?: string | null | undefined;
  /** A short reason, best a code of the app's own such as `'offboarding'`. */
  readonly reason?: string | null | undefined;
  /** A remark for the audit log. */
  readonly note?: string | null | undefined;
  /** The device that it is done from, as its user would call it, such as `session.device.label`. */
  readonly from?: string | null | undefined;
}

/** Who did it, why, and from where; `null` where nobody said. */
export interface Cause {
  readonly by: string | null;
  readonly reason: string | null;
  readonly note: string | null;
  readonly from: string | null;
}

export const BY_KEYS: readonly string[] = ['by', 'reason', 'note', 'from'];

/** Nobody said anything. */
export const NO_CAUSE: Cause = Object.freeze({ by: null, reason: null, note: null, from: null });

/** From what {@link parseArguments} let pass. @throws `TypeError` for a part that is no text, or too long. */
export function parseCause(input: unknown): Cause {
  const { by, reason, note, from } = input as By;
  return {
    by: parseOptionalText('by', by),
    reason: parseOptionalText('reason', reason),
    note: parseOptionalText('note', note),
    from: parseOptionalText('from', from),
  };
}
