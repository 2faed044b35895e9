import type { Awaitable } from '../lib/awaitable.ts';
import { SessionError } from '../lib/errors.ts';
import { parseArguments, shown } from '../lib/input.ts';

/** Tells what a plain sign-out ends for the users of an account. {@link Sessions.setPolicy} stores it. */
export interface Policy {
  /**
   * What a plain sign-out ends. `'session'`: that session. `'everywhere'`: all the user's sessions in the account, of every kind.
   */
  readonly signOut: 'session' | 'everywhere';
}

/**
 * Returns the policy of an account, for an app that keeps policies itself: the option `policy` of
 * {@link createSessions}. `null` asks for the policy of sessions without an account; there `everywhere` means all of the
 * user's sessions.
 */
export type PolicyFunction = (account: string | null) => Awaitable<Policy>;

export const DEFAULT: Policy = Object.freeze({ signOut: 'session' });

export function parsePolicy(value: unknown): Policy {
  const { signOut } = parseArguments('policy', value, ['signOut']);
  if (signOut === 'session' || signOut === 'everywhere') return Object.freeze({ signOut });
  throw new TypeError(`signOut is ${shown(signOut)}; allowed are 'session' and 'everywhere'`);
}

/** Parses a stored policy. Malformed text is an outage (`SESSION_STORE_UNAVAILABLE`): no sign-out may rest on a guess. */
export function parseStored(value: string | null): Policy {
  if (value === null) return DEFAULT;
  try {
    return parsePolicy(JSON.parse(value));
  } catch (cause) {
    throw new SessionError('SESSION_STORE_UNAVAILABLE', 'the policy that the store has makes no sense', { cause });
  }
}
