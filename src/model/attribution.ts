import { parseOptionalText } from '../lib/input.ts';

/**
 * Tells who acts, why, and from where, for events, lists and the audit log. Each text has at most 256 characters, and
 * is `null` by default. {@link Sessions.revoke} and most other operations take it.
 */
export interface AttributionRequest {
  /** The id of the actor, which may be a program (`'cron'`). */
  readonly by?: string | null | undefined;
  /** A short reason, preferably a code of the app such as `'offboarding'`. */
  readonly reason?: string | null | undefined;
  /** A remark for the audit log. */
  readonly note?: string | null | undefined;
  /** The device that the actor uses, as its user would name it, such as `session.device.label`. */
  readonly fromDevice?: string | null | undefined;
}

/** Who acted, why, and from where; each is `null` if it was not given. */
export interface Attribution {
  /** The id of the actor: a user, an administrator or a program. */
  readonly by: string | null;
  /** A short reason: a code of this library or of the app. */
  readonly reason: string | null;
  /** A remark for the audit log. */
  readonly note: string | null;
  /** The label of the device that the actor used. */
  readonly fromDevice: string | null;
}

export const ATTRIBUTION_KEYS: readonly string[] = ['by', 'reason', 'note', 'fromDevice'];

export const NO_ATTRIBUTION: Attribution = Object.freeze({ by: null, reason: null, note: null, fromDevice: null });

export function parseAttribution(input: unknown): Attribution {
  const { by, reason, note, fromDevice } = input as AttributionRequest;
  return {
    by: parseOptionalText('by', by),
    reason: parseOptionalText('reason', reason),
    note: parseOptionalText('note', note),
    fromDevice: parseOptionalText('fromDevice', fromDevice),
  };
}

/** When a scope was changed, by whom, why, and from which device. `at` is for display and decides nothing. */
export interface Mark {
  /** Unix ms. */
  readonly at: number;
  /** The actor: a user, an administrator or a program, as the app named it. `null` if none was given. */
  readonly by: string | null;
  /** The reason, best a short code. `null` if none was given. */
  readonly reason: string | null;
  /** The label of the device that the actor used. `null` if unknown. */
  readonly fromDevice: string | null;
}
