import {
  createSessions,
  type SessionEvent,
  type SessionEventType,
  type Sessions,
  type SessionsOptions,
  type StartRequest,
  type StartResult,
} from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { TestClock } from '../frameworks/http/site.ts';
import { Gatekeeper } from '../frameworks/http/store.ts';

/**
 * The events that these tests observe. `session.suspicious` is not among them: with its listener, each sign-in also
 * lists the user's sessions.
 */
export const EVENTS: readonly SessionEventType[] = [
  ...(['session.started', 'session.refused', 'session.renewed', 'session.ended', 'sessions.revoked'] as const),
  ...(['policy.changed', 'request.refused', 'user.forgotten', 'sessions.pruned', 'background.failed'] as const),
];

/** The sessions of a realm, their store and clock, and the events so far. */
export interface Realm {
  readonly sessions: Sessions;
  readonly store: Gatekeeper;
  readonly clock: TestClock;
  readonly events: readonly SessionEvent[];
}

export function openRealm(options: Omit<SessionsOptions, 'store' | 'clock'> = {}): Realm {
  const clock = new TestClock();
  const store = new Gatekeeper(memoryStore());
  // A long timeout, because no test here is about a store that does not answer, and the machine may be slow.
  const sessions = createSessions({ timeout: '10m', ...options, store: store.store, clock });
  const events: SessionEvent[] = [];
  for (const type of EVENTS) sessions.on(type, (event) => events.push(event));
  return { sessions, store, clock, events };
}

/** Signs a user in. Throws if the sign-in is refused. */
export async function signIn(
  sessions: Sessions,
  request: Omit<StartRequest, 'fence'> = { user: 'alice' },
): Promise<Extract<StartResult, { ok: true }>> {
  const { user, account } = request;
  const started = await sessions.start({ ...request, fence: await sessions.fence({ user, account }) });
  if (!started.ok) throw new Error(started.reason);
  return started;
}

/** Returns `'live'`, or the reason why a token is refused. */
export async function judge(sessions: Sessions, token: string): Promise<string> {
  const verdict = await sessions.check(token);
  return verdict.ok ? 'live' : verdict.reason;
}

/** Waits for work in the background, such as the write of a last use. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
